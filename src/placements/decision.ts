import type { DecisionId } from '../kernel/ids.ts';
import type { PlacementOutcome } from './placement.ts';

/** A decision made for a room: the outcome, and what it was made from. */
export interface Decision extends PlacementOutcome {
  readonly id: DecisionId;
  /** Revision of the region configuration. */
  readonly revision: number;
  /** Revision of the winner's row as the decision saw it, to be compared when the session is opened; 0 without a winner. */
  readonly winnerRevision: number;
  readonly durationMicros: number;
}

/** A decision as the API shows it and the store keeps it. A dry run has no id. */
export type DecisionDocument = Omit<Decision, 'id' | 'at' | 'refusal' | 'winnerRevision'> & {
  readonly id: DecisionId | null;
  readonly at: string;
};

/** Picks what the API shows, in the contract's order. */
export function toDocument(decision: Omit<Decision, 'id' | 'winnerRevision'>, id: DecisionId | null): DecisionDocument {
  const { policyVersion, revision, at, rule, reason, winner, fallback, inputs, candidates, durationMicros } = decision;
  return { id, policyVersion, revision, at: at.toISOString(), rule, reason, winner, fallback, inputs, candidates, durationMicros };
}
