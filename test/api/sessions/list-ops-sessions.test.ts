import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeId } from '../../../src/kernel/ids.ts';
import { encodeCursor } from '../../../src/kernel/page.ts';
import { type EdgeProduct, startEdgeProduct } from '../edge/edge-product.ts';

let edge: EdgeProduct;
beforeAll(async () => {
  edge = await startEdgeProduct();
});
afterAll(() => edge.close());

it('GET /v1/ops/sessions takes a cursor of its own and refuses another list’s', async () => {
  const list = (cursor: string) => edge.product.api.call('GET', `/v1/ops/sessions?cursor=${cursor}`, { key: edge.product.opsKey });
  expect(await list(encodeCursor([makeId('session')]))).toMatchObject({ status: 200, body: { items: [], nextCursor: null } });
  expect((await list(encodeCursor([makeId('room')]))).body).toMatchObject({ code: 'request.invalid', errors: [{ path: 'cursor' }] });
});
