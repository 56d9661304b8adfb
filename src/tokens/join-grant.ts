/** What a client got to enter with, as it is remembered: for the funnel from token to entry, and for seats. */
export interface JoinGrantRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly roomId: string;
  readonly sessionId: string;
  readonly identity: string;
  readonly role: string;
  readonly region: string;
  readonly at: Date;
  readonly networkPrefix: string | null;
}
