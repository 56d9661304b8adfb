import net from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type EdgeProduct, startEdgeProduct } from './edge-product.ts';

let edge: EdgeProduct;
beforeAll(async () => {
  edge = await startEdgeProduct();
});
afterAll(() => edge.close());

const linesOf = (requestId: string): Record<string, unknown>[] => edge.product.logLines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line['requestId'] === requestId);

it('each request has one line with its id, and the query is not in it', async () => {
  const id = '0192f0c1-7e2a-7c3b-8a5d-000000000001';
  await edge.product.api.call('GET', '/v1/rooms?limit=7', { headers: { 'x-request-id': id } });
  await eventually(() => expect(linesOf(id)).toHaveLength(1));
  expect(linesOf(id)[0]).toMatchObject({ level: 'info', msg: 'request', method: 'GET', path: '/v1/rooms', status: 200, durationMs: expect.any(Number) });
});

it('a caller that hangs up is a line too', async () => {
  const id = '0192f0c1-7e2a-7c3b-8a5d-000000000002';
  const socket = net.connect(edge.product.port, '127.0.0.1');
  const begun = `POST /v1/rooms HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${id}\r\nAuthorization: Bearer ${edge.product.tenantKey}\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`;
  await new Promise((resolve) => socket.write(begun, resolve));
  socket.destroy();
  await eventually(() => expect(linesOf(id)).toHaveLength(1));
  expect(linesOf(id)[0]).toMatchObject({ status: 499, path: '/v1/rooms' });
});

it('probes of balancers fill no log', async () => {
  const id = '0192f0c1-7e2a-7c3b-8a5d-000000000003';
  for (const path of ['/healthz', '/readyz', '/healthz/regions/none']) await edge.product.api.call('GET', path, { headers: { 'x-request-id': id } });
  await edge.product.api.call('GET', '/version', { headers: { 'x-request-id': id } });
  await eventually(() => expect(linesOf(id)).toHaveLength(1));
  expect(linesOf(id)[0]).toMatchObject({ path: '/version' });
});

it('a failure of ours is logged once with its cause, and says nothing of it to the caller', async () => {
  const id = '0192f0c1-7e2a-7c3b-8a5d-000000000004';
  await edge.database.query('ALTER TABLE audit_entry RENAME TO elsewhere');
  const answer = await edge.product.api.call('GET', '/v1/tenant/audit', { headers: { 'x-request-id': id } });
  await edge.database.query('ALTER TABLE elsewhere RENAME TO audit_entry');
  expect(answer.body).toEqual({ type: expect.stringContaining('/docs/errors/internal'), title: expect.any(String), status: 500, detail: expect.stringContaining('request id'), instance: `urn:request:${id}`, code: 'internal' });
  expect(answer.text).not.toMatch(/audit_entry|relation|prisma/i);
  const errors = linesOf(id).filter(({ level }) => level === 'error');
  expect(errors).toHaveLength(1);
  expect(JSON.stringify(errors[0])).toContain('audit_entry');
});
