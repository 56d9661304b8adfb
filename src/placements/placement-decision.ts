import { listReasons, reasonBit, type ReasonMask } from './eligibility.ts';
import {
  POLICY_VERSION,
  type Candidate,
  type DecisionInputs,
  type PlacementOutcome,
  type PlacementPolicy,
  type PlacementRegion,
  type PlacementRequest,
} from './placement.ts';
import { explainRefusal, explainWinner } from './placement-reason.ts';
import { applyRules, type Finding } from './placement-rules.ts';
import { surveyRegions, type Survey } from './placement-survey.ts';
import { sortByFigure } from './ranking.ts';

/**
 * Chooses the region of a new session and says why. No I/O, no clock, no chance: the same values always give the
 * same outcome, whatever the order of `regions`. Residency fails closed, load and latency fail open. Never throws.
 *
 * `live`, the rule before all others, is the sessions' own: they ask only when no session is open.
 */
export function decidePlacement(
  request: PlacementRequest,
  policy: PlacementPolicy,
  regions: readonly PlacementRegion[],
  now: Date,
): PlacementOutcome {
  const survey = surveyRegions(request, policy, regions);
  const finding = applyRules(survey);
  const winner = finding === undefined ? undefined : regions[finding.order[0] ?? -1];
  return finding === undefined || winner === undefined
    ? refuse(survey, finding, now)
    : place(survey, finding, winner, now);
}

// Both outcomes are written out in full: an object spread here costs as much as all the rest of a decision.

function place(survey: Survey, finding: Finding, winner: PlacementRegion, now: Date): PlacementOutcome {
  return {
    policyVersion: POLICY_VERSION,
    at: now,
    rule: finding.rule,
    reason: explainWinner(survey, finding),
    winner: winner.id,
    refusal: null,
    fallback: usedFallback(survey, finding),
    inputs: inputsOf(survey),
    candidates: listCandidates(survey, finding),
  };
}

function refuse(survey: Survey, finding: Finding | undefined, now: Date): PlacementOutcome {
  const pinned = finding !== undefined || survey.policy.pin?.fallback === 'strict';
  return {
    policyVersion: POLICY_VERSION,
    at: now,
    rule: null,
    reason: explainRefusal(survey, pinned),
    winner: null,
    refusal: pinned ? 'pinned-unavailable' : 'no-region',
    fallback: false,
    inputs: inputsOf(survey),
    candidates: listCandidates(survey, undefined),
  };
}

function usedFallback({ pool }: Survey, { basis }: Finding): boolean {
  if (basis.kind === 'pinned') return false;
  return basis.kind === 'pin-fallback' || basis.kind === 'instead-of-default' || pool.gaveWay.load || pool.gaveWay.avoided;
}

function inputsOf({ request, hint, latencies }: Survey): DecisionInputs {
  return {
    country: request.client.country,
    accuracyKm: request.client.accuracyKm,
    hint: hint?.region ?? null,
    hintSource: hint?.source ?? null,
    networkPrefix: request.networkPrefix,
    latencies: latencies.judged,
  };
}

/** Every region once: the finding's order, those behind it by load, then the ineligible, nearest first. */
function listCandidates(survey: Survey, finding: Finding | undefined): readonly Candidate[] {
  const eligible = eligibleOrder(survey, finding);
  const candidates: Candidate[] = [];
  for (const at of eligible) candidates.push(candidateOf(survey, at, true, lossOf(survey, finding, at)));
  if (eligible.length === survey.regions.length) return candidates;
  const seen = new Set(eligible);
  const excluded = survey.regions.map((_, at) => at).filter((at) => !seen.has(at));
  for (const at of sortNearest(survey, excluded)) candidates.push(candidateOf(survey, at, false, 0));
  return candidates;
}

function eligibleOrder(survey: Survey, finding: Finding | undefined): readonly number[] {
  const { members, behind } = survey.pool;
  // A refusal by a strict pin still shows what else could have taken the session.
  const order = finding?.order[0] === undefined ? sortNearest(survey, members) : finding.order;
  return behind.length === 0 ? order : [...order, ...behind.filter((at) => !order.includes(at))];
}

function sortNearest({ facts, distancesKm }: Survey, positions: readonly number[]): readonly number[] {
  return sortByFigure(positions, distancesKm, facts);
}

/** Why an eligible region is not the winner, as far as a code says it; equals that lost by load have none. */
function lossOf(survey: Survey, finding: Finding | undefined, at: number): ReasonMask {
  const pin = survey.policy.pin;
  const winner = finding?.order[0];
  const pinned = pin !== null && survey.regions[at]?.id !== pin.region ? reasonBit('NOT_PINNED') : 0;
  if (winner === undefined || at === winner || finding?.basis.kind === 'pinned') return pinned;
  const rtt = survey.latencies.rttMs.get(at);
  if (finding?.rule === 'latency' && rtt !== undefined) {
    return pinned | (rtt > (survey.latencies.rttMs.get(winner) ?? rtt) ? reasonBit('SLOWER') : 0);
  }
  const distances = survey.distancesKm;
  const farther = distances !== undefined && (distances[at] ?? 0) > (distances[winner] ?? 0);
  return pinned | (farther ? reasonBit('FARTHER') : 0);
}

function candidateOf(survey: Survey, at: number, eligible: boolean, loss: ReasonMask): Candidate {
  // Positions come from the list of regions itself.
  const region = survey.regions[at] as PlacementRegion;
  const distance = survey.distancesKm?.[at];
  return {
    region: region.id,
    eligible,
    reasons: listReasons((survey.masks[at] ?? 0) | loss),
    distanceKm: distance === undefined ? null : Math.round(distance),
    rttMs: survey.latencies.rttMs.get(at) ?? null,
    load: region.load ?? null,
  };
}
