import { isSoft } from './eligibility.ts';
import { MIN_USABLE_LATENCIES } from './latency.ts';
import type { ChoosingRule, HintSource } from './placement.ts';
import { findPosition, type Survey } from './placement-survey.ts';
import { rankPositions, type Ranking } from './ranking.ts';
import { distancesFrom } from './region-facts.ts';
import { DISTANCE_SLACK, LATENCY_SLACK } from './spread.ts';

/** What a rule relied on: the sentence of the decision is made from it. */
export type Basis =
  | { readonly kind: 'pinned' }
  | { readonly kind: 'pin-fallback' }
  | { readonly kind: 'hint'; readonly source: HintSource }
  | { readonly kind: 'latency'; readonly near: number }
  | { readonly kind: 'nearest'; readonly near: number }
  | { readonly kind: 'country'; readonly country: string }
  | { readonly kind: 'default' }
  | { readonly kind: 'least-loaded' }
  | { readonly kind: 'instead-of-default' };

export interface Finding {
  readonly rule: ChoosingRule;
  /** Positions of the eligible regions, best first; the first is the winner. Empty = the rule refuses the session. */
  readonly order: readonly number[];
  readonly basis: Basis;
}

type Rule = (survey: Survey) => Finding | undefined;

const RULES: Readonly<Record<ChoosingRule, Rule>> = {
  pinned: byPin,
  hint: byHint,
  latency: byLatency,
  geoip: byPlace,
  default: byDefault,
};

/**
 * Asks the rules in the policy's order; the first that has an answer decides. Undefined when nothing is eligible.
 * `default` is asked last even where the order leaves it out: an eligible region is never refused for want of a rule.
 */
export function applyRules(survey: Survey): Finding | undefined {
  for (const name of survey.policy.ruleOrder) {
    const finding = RULES[name](survey);
    if (finding !== undefined) return finding;
  }
  return byDefault(survey);
}

function byPin(survey: Survey): Finding | undefined {
  const { policy, pool } = survey;
  if (policy.pin === null) return undefined;
  const pinned = findPosition(survey, policy.pin.region);
  const strict = policy.pin.fallback === 'strict';
  const takes = pinned !== undefined && (pool.members.includes(pinned) || (strict && isSoft(survey.masks[pinned] ?? 0)));
  if (takes) return { rule: 'pinned', order: chosenFirst(survey, pinned), basis: { kind: 'pinned' } };
  if (strict) return { rule: 'pinned', order: [], basis: { kind: 'pinned' } };
  if (pool.members.length === 0) return undefined;
  const order =
    survey.distancesKm === undefined && pinned !== undefined
      ? rankAround(survey, pinned)
      : rankByDistance(survey, pool.members).order;
  return { rule: 'pinned', order, basis: { kind: 'pin-fallback' } };
}

function byHint(survey: Survey): Finding | undefined {
  const position = findPosition(survey, survey.hint?.region);
  if (survey.hint === null || position === undefined || !survey.pool.members.includes(position)) return undefined;
  return {
    rule: 'hint',
    order: chosenFirst(survey, position),
    basis: { kind: 'hint', source: survey.hint.source },
  };
}

function byLatency(survey: Survey): Finding | undefined {
  const { rttMs } = survey.latencies;
  if (rttMs.size < MIN_USABLE_LATENCIES) return undefined;
  const measured = survey.pool.members.filter((at) => rttMs.has(at));
  if (measured.length === 0) return undefined;
  const figures = Float64Array.from(survey.regions, (_, at) => rttMs.get(at) ?? 0);
  const ranked = rankPositions(measured, survey, figures, LATENCY_SLACK);
  const unmeasured = survey.pool.members.filter((at) => !rttMs.has(at));
  const order = [...ranked.order, ...rankByDistance(survey, unmeasured).order];
  return { rule: 'latency', order, basis: { kind: 'latency', near: ranked.near } };
}

function byPlace(survey: Survey): Finding | undefined {
  const { members } = survey.pool;
  if (members.length === 0) return undefined;
  const { country } = survey.request.client;
  const serves = (at: number): boolean => country !== null && survey.regions[at]?.countries.includes(country) === true;
  const serving = members.filter(serves);
  if (country !== null && serving.length > 0) {
    const others = members.filter((at) => !serves(at));
    const order = [serving, others].flatMap((group) => rankByDistance(survey, group).order);
    return { rule: 'geoip', order, basis: { kind: 'country', country } };
  }
  if (survey.distancesKm === undefined) return undefined;
  const ranked = rankByDistance(survey, members);
  return { rule: 'geoip', order: ranked.order, basis: { kind: 'nearest', near: ranked.near } };
}

/** The default region; where it cannot take the session, the one nearest to it; where there is none, the least loaded. */
function byDefault(survey: Survey): Finding | undefined {
  const { members } = survey.pool;
  if (members.length === 0) return undefined;
  const position = findPosition(survey, survey.policy.defaultRegion);
  if (position === undefined) {
    return { rule: 'default', order: rankPositions(members, survey, undefined, DISTANCE_SLACK).order, basis: { kind: 'least-loaded' } };
  }
  if (members.includes(position)) {
    return { rule: 'default', order: chosenFirst(survey, position), basis: { kind: 'default' } };
  }
  return { rule: 'default', order: rankAround(survey, position), basis: { kind: 'instead-of-default' } };
}

function chosenFirst(survey: Survey, chosen: number): readonly number[] {
  const others = survey.pool.members.filter((at) => at !== chosen);
  return [chosen, ...rankByDistance(survey, others).order];
}

function rankAround(survey: Survey, centre: number): readonly number[] {
  const point = survey.facts.points[centre];
  const figures = point === undefined ? undefined : distancesFrom(point, survey.facts);
  return rankPositions(survey.pool.members, survey, figures, DISTANCE_SLACK).order;
}

function rankByDistance(survey: Survey, positions: readonly number[]): Ranking {
  return rankPositions(positions, survey, survey.distancesKm, DISTANCE_SLACK);
}
