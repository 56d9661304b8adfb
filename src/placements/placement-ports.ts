import type { PlacementPolicy, RegionPin, ResidencyRule } from './placement.ts';

/** What room and tenant ask of a placement; the deployment adds the order of rules and its default region. */
export type RoomPolicy = Omit<PlacementPolicy, 'ruleOrder' | 'defaultRegion'>;

/** The parts of a room's body that a dry run may put in place of the room's own. */
export interface PolicyWish {
  readonly region?: {
    readonly mode: 'auto' | 'pinned';
    readonly id?: string | undefined;
    readonly fallback?: RegionPin['fallback'] | undefined;
    readonly clientChoice?: boolean | undefined;
  } | undefined;
  readonly residency?: Exclude<ResidencyRule, 'unreadable'> | undefined;
  readonly invitedCountries?: readonly string[] | undefined;
}

/** What the placements need of modules above them; given by the composer. */
export interface PlacementsPorts {
  /**
   * The policy of a dry run: the room's or, without one, that of a new room of the tenant; without a tenant, of one
   * that no tenant narrows. What the wish names stands in place of the room's own; the tenant's stays in force.
   * `roomId` is null without a room.
   * @throws AppError `room.not-found`, also for another tenant's.
   */
  findPolicy(subject: {
    readonly tenantId: string | null;
    readonly room: string | undefined;
    readonly wish: PolicyWish;
  }): Promise<{ readonly roomId: string | null; readonly policy: RoomPolicy }>;
}
