export { decidePlacement } from './placement-decision.ts';
export type {
  Candidate,
  ClientPlace,
  DecisionInputs,
  HintSource,
  JudgedLatency,
  LatencyProbe,
  PlacementOutcome,
  PlacementPolicy,
  PlacementRegion,
  PlacementRequest,
  ReasonCode,
  RegionHint,
  RegionPin,
  Residency,
  ResidencyRule,
  RuleName,
} from './placement.ts';
export { resolveHint, type WayIn } from './region-hint.ts';
export { readResidencies, readResidency, residencyAllows } from './residency.ts';
