import { randomUUID } from 'node:crypto';
import type { Db } from '../platform/database/prisma-client.ts';

/** One process of the deployment. `boot` differs between two processes that were given one id. */
export interface Instance {
  readonly id: string;
  readonly boot: string;
  readonly pid: number;
  readonly role: string;
  readonly version: string;
  readonly startedAt: Date;
}

export interface InstanceFacts {
  readonly configuredId: string | undefined;
  readonly hostName: string;
  readonly role: string;
  readonly version: string;
  readonly now: Date;
}

/** Names this process: the configured id, else the host's name, else a random one. */
export function createInstance({ configuredId, hostName, role, version, now }: InstanceFacts): Instance {
  const boot = randomUUID();
  const id = configuredId ?? (hostName === '' ? `instance-${boot.slice(0, 8)}` : hostName);
  return { id, boot, pid: process.pid, role, version, startedAt: now };
}

/** Who holds a claim or a leadership: unique for each process that ever ran. */
export function ownerToken(instance: Instance): string {
  return `${instance.id}/${instance.boot}`;
}

/** Writes this process' sign of life and forgets processes that gave none for a day. */
export async function recordInstance(db: Db, instance: Instance): Promise<void> {
  await db.$executeRaw`
    INSERT INTO instance (boot, id, role, pid, version, started_at, seen_at)
    VALUES (${instance.boot}, ${instance.id}, ${instance.role}, ${instance.pid}, ${instance.version}, ${instance.startedAt}, now())
    ON CONFLICT (boot) DO UPDATE SET seen_at = now()`;
  await db.$executeRaw`DELETE FROM instance WHERE seen_at < now() - interval '1 day'`;
}

export async function forgetInstance(db: Db, instance: Instance): Promise<void> {
  await db.$executeRaw`DELETE FROM instance WHERE boot = ${instance.boot}`;
}
