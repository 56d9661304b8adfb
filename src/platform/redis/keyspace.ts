/** Every name in Redis begins with the deployment's prefix; here is who owns which. */
export interface Keyspace {
  /** Channel on which replicas tell one another that something in Postgres changed. */
  readonly changedChannel: string;
}

export function createKeyspace(prefix: string): Keyspace {
  return { changedChannel: `${prefix}:changed` };
}
