import type { Connections } from './prisma-client.ts';

/** A prepared statement: parsed and planned once for each connection. */
export interface HotQuery {
  readonly name: string;
  readonly text: string;
}

export interface HotQueries {
  /** Runs the statement on the connections reserved for joins; rows are as the driver gives them. */
  rows<Row extends object>(query: HotQuery, values: readonly unknown[]): Promise<Row[]>;
}

/** The few statements on the way of a join, past the mapping layer: a third of its cost, and a pool of their own. */
export function createHotQueries({ hotPool }: Pick<Connections, 'hotPool'>): HotQueries {
  return {
    rows: async <Row extends object>({ name, text }: HotQuery, values: readonly unknown[]) => {
      const result = await hotPool.query<Row>({ name, text, values: [...values] });
      return result.rows;
    },
  };
}
