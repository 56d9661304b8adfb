/** An organisation: it owns rooms, recordings, API keys and limits. A fresh deployment has one, `default`. */
export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
}

/** What a tenant's rooms start from and, for regions and residency, may only narrow. */
export interface TenantPolicy {
  readonly tenantId: string;
  readonly revision: number;
  /** As stored; the rooms module knows its shape. */
  readonly policy: Readonly<Record<string, unknown>>;
}

export const DEFAULT_TENANT = 'default';

/** Where the events of what belongs to no tenant are kept, as if it were a tenant's id. */
export const SYSTEM_LOG = 'system';
