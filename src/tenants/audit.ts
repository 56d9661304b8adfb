import type { Page, PageRequest } from '../kernel/page.ts';

export interface AuditEntry {
  readonly id: string;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly requestId: string | null;
  readonly tenantId: string | null;
}

/** Audit rows are written by the unit of work, in the transaction of what they tell; here they are only read. */
export interface AuditStore {
  /** Entries of one tenant, or of all with `undefined`; newest first. */
  list(tenantId: string | undefined, page: PageRequest): Promise<Page<AuditEntry>>;
}
