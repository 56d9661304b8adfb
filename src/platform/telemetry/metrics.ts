import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export type { Counter, Gauge, Histogram } from 'prom-client';

/** Makes the metrics of one process. Names begin with `meridian_`; label values are closed sets or region ids. */
export interface Metrics {
  readonly contentType: string;
  render(): Promise<string>;
  counter<L extends string>(name: string, help: string, labels?: readonly L[]): Counter<L>;
  gauge<L extends string>(name: string, help: string, labels?: readonly L[]): Gauge<L>;
  histogram<L extends string>(name: string, help: string, buckets: readonly number[], labels?: readonly L[]): Histogram<L>;
}

export function createMetrics(options: { readonly withProcess: boolean }): Metrics {
  const registry = new Registry();
  if (options.withProcess) collectDefaultMetrics({ register: registry });
  const base = { registers: [registry] };
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    counter: (name, help, labels = []) => new Counter({ ...base, name: `meridian_${name}`, help, labelNames: [...labels] }),
    gauge: (name, help, labels = []) => new Gauge({ ...base, name: `meridian_${name}`, help, labelNames: [...labels] }),
    histogram: (name, help, buckets, labels = []) =>
      new Histogram({ ...base, name: `meridian_${name}`, help, labelNames: [...labels], buckets: [...buckets] }),
  };
}
