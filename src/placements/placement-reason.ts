import { listReasons, reasonBit } from './eligibility.ts';
import { REASON_CODES, type HintSource, type ReasonCode } from './placement.ts';
import type { Basis, Finding } from './placement-rules.ts';
import { findPosition, type Survey } from './placement-survey.ts';

const WORDS: Readonly<Record<ReasonCode, string>> = {
  RESIDENCY_DENIED: 'outside the residency',
  NOT_ALLOWED: 'not among the tenant’s regions',
  CORDONED: 'cordoned',
  DISABLED: 'disabled',
  UNHEALTHY: 'unhealthy',
  MISCONFIGURED: 'misconfigured',
  UNPROVEN: 'not proven yet',
  OVER_LOAD: 'over its load limit',
  OVER_CAPACITY: 'too small for the room',
  NO_STORAGE: 'without storage',
  NO_RECORDER: 'without a fitting recorder',
  AVOIDED: 'avoided by the caller',
  FARTHER: 'farther away',
  SLOWER: 'slower',
  NOT_PINNED: 'not the pinned one',
};

const WAYS_IN: Readonly<Record<HintSource, string>> = {
  client: 'the caller asked for it',
  host: 'the caller came by its host name',
  edge: 'the caller came in through its edge',
  replica: 'the caller reached a server there',
};

/** The sentence that tells a person why this region won: what decided, then what had to give way. */
export function explainWinner(survey: Survey, finding: Finding): string {
  const winner = finding.order[0] ?? 0;
  const id = survey.regions[winner]?.id ?? '';
  const clauses = [explainBasis(survey, finding.basis, id, winner), ...explainDroppedHint(survey, finding)];
  if (finding.basis.kind !== 'pinned') clauses.push(...explainGivenWay(survey));
  return `${clauses.join('; ')}.`;
}

function explainBasis(survey: Survey, basis: Basis, id: string, winner: number): string {
  const { policy, request } = survey;
  switch (basis.kind) {
    case 'pinned':
      return `The room is pinned to ${id}`;
    case 'pin-fallback':
      return `The room is pinned to ${policy.pin?.region}, which cannot take it (${whyNot(survey, policy.pin?.region)}), so the nearest possible region is used: ${id}`;
    case 'hint':
      return `Chosen is ${id}, since ${WAYS_IN[basis.source]}`;
    case 'latency':
      return `Among ${survey.latencies.rttMs.size} measured regions ${id} answered the caller ${basis.near > 1 ? 'about as fast as the fastest' : 'fastest'}, in ${round(survey.latencies.rttMs.get(winner))} ms${spread(basis.near)}`;
    case 'nearest':
      return `${id} is ${basis.near > 1 ? 'about as near to the caller as the nearest region' : 'the nearest region to the caller'}${place(request.client.country)}, ${round(survey.distancesKm?.[winner])} km away${spread(basis.near)}`;
    case 'country':
      return `${id} serves callers from ${basis.country}`;
    case 'default':
      return `${noPlace(survey)} the default region is used: ${id}`;
    case 'least-loaded':
      return `${noPlace(survey)} the least loaded region is used, for there is no default region: ${id}`;
    case 'instead-of-default':
      return `${noPlace(survey)} the region nearest to the default region is used: ${id}, for ${policy.defaultRegion} cannot take the room (${whyNot(survey, policy.defaultRegion)})`;
  }
}

function spread(near: number): string {
  return near > 1 ? `, and the best placed by load of ${near} equals` : '';
}

function place(country: string | null): string {
  return country === null ? '' : ` (${country})`;
}

function round(value: number | undefined): string {
  return String(Math.round(value ?? 0));
}

function noPlace({ distancesKm }: Survey): string {
  return distancesKm === undefined ? 'Nothing is known of the caller’s place, so' : 'No earlier rule applied, so';
}

/** A hint counts as dropped when its rule was asked before the one that decided. */
function explainDroppedHint(survey: Survey, finding: Finding): string[] {
  const { hint, policy } = survey;
  const asked = policy.ruleOrder.indexOf('hint');
  const decided = policy.ruleOrder.indexOf(finding.rule);
  if (hint === null || asked < 0 || (decided >= 0 && asked >= decided)) return [];
  return [`the hint ${hint.region} (${hint.source}) was dropped: ${whyNot(survey, hint.region)}`];
}

function explainGivenWay({ pool }: Survey): string[] {
  const clauses: string[] = [];
  if (pool.gaveWay.load) clauses.push('every possible region is over its load limit, and this is the least loaded');
  if (pool.gaveWay.avoided) clauses.push('no region but those to be avoided was left');
  return clauses;
}

/** The words of all codes against a region, or that nobody knows it. */
function whyNot(survey: Survey, id: string | null | undefined): string {
  const position = findPosition(survey, id);
  if (position === undefined) return 'no region has this id';
  const words = listReasons(survey.masks[position] ?? 0).map((code) => WORDS[code]);
  return words.length === 0 ? 'a less loaded region was left' : words.join(', ');
}

/** The sentence of a refusal. It counts causes and names no region, since a caller may not be allowed to see the list. */
export function explainRefusal(survey: Survey, pinned: boolean): string {
  if (pinned) return `The room is pinned strictly to a region that cannot take it now${pinnedCause(survey)}.`;
  if (survey.regions.length === 0) return 'No region is configured.';
  const causes = REASON_CODES.map((code) => ({ code, count: countCode(survey, code) }))
    .filter(({ count }) => count > 0)
    .map(({ code, count }) => `${count} ${WORDS[code]}`);
  return `None of ${survey.regions.length} regions may take the room (${causes.join(', ')}).`;
}

function countCode({ masks }: Survey, code: ReasonCode): number {
  return masks.filter((mask) => (mask & reasonBit(code)) !== 0).length;
}

function pinnedCause(survey: Survey): string {
  return survey.policy.pin === null ? '' : ` (${whyNot(survey, survey.policy.pin.region)})`;
}
