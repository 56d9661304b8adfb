import type { PlacementRegion, Residency, ResidencyRule } from './placement.ts';

/** What residency looks at of a region. */
type ResidentRegion = Pick<PlacementRegion, 'id' | 'jurisdiction' | 'storageJurisdiction'>;

const LISTS = ['jurisdictions', 'regions', 'deny'] as const;

/**
 * Reads a stored residency rule. Absent is no rule; anything that is not wholly understood (an unknown key, a value
 * of another shape) is `unreadable`, which refuses every region: a rule that a newer release wrote may forbid what
 * this one would allow.
 */
export function readResidency(stored: unknown): ResidencyRule | null {
  if (stored === undefined || stored === null) return null;
  if (typeof stored !== 'object' || Array.isArray(stored)) return 'unreadable';
  const known = Object.entries(stored).every(
    ([key, value]) => (LISTS as readonly string[]).includes(key) && isTextList(value),
  );
  return known ? stored : 'unreadable';
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** The residency rules of room and tenant, ready for a policy. */
export function readResidencies(...stored: readonly unknown[]): readonly ResidencyRule[] {
  return stored.map(readResidency).filter((rule) => rule !== null);
}

/**
 * Whether all rules let the region take the session. Fails closed: an empty allow list allows nobody, and of a room
 * that must be recorded the bucket's own jurisdiction has to be allowed too.
 */
export function residencyAllows(
  rules: readonly ResidencyRule[],
  region: ResidentRegion,
  mustRecord: boolean,
): boolean {
  for (const rule of rules) {
    if (rule === 'unreadable' || !ruleAllows(rule, region, mustRecord)) return false;
  }
  return true;
}

function ruleAllows(rule: Residency, region: ResidentRegion, mustRecord: boolean): boolean {
  if (rule.deny?.includes(region.id)) return false;
  if (rule.regions !== undefined && !rule.regions.includes(region.id)) return false;
  if (rule.jurisdictions === undefined) return true;
  if (!rule.jurisdictions.includes(region.jurisdiction)) return false;
  return !mustRecord || rule.jurisdictions.includes(region.storageJurisdiction ?? region.jurisdiction);
}
