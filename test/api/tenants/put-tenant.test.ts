import { describe, expect, it } from 'vitest';
import { useTenantsApi } from './tenants-api.ts';

const api = useTenantsApi();

describe('PUT /v1/ops/tenants/{id}', () => {
  it('makes a tenant with 201, and renames it with 200, keeping when it was made', async () => {
    const made = await api.ops('PUT', '/v1/ops/tenants/acme', { name: 'Acme' });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({ id: 'acme', name: 'Acme', createdAt: expect.stringMatching(/^\d{4}-.*Z$/) });
    const renamed = await api.ops('PUT', '/v1/ops/tenants/acme', { name: 'Acme & Co' });
    expect(renamed.status).toBe(200);
    expect(renamed.body).toEqual({ ...made.body, name: 'Acme & Co' });
    expect((await api.ops('GET', '/v1/ops/tenants/acme')).body).toEqual(renamed.body);
  });

  it('writes who did what in which request, before and after, in the operators’ audit and the tenant’s own', async () => {
    const key = await api.makeTenant('audited');
    const { headers } = await api.ops('PUT', '/v1/ops/tenants/audited', { name: 'Renamed' });
    const own = (await api.product.api.call('GET', '/v1/tenant/audit', { key })).body.items;
    const row = own.find(({ after }: { after: { name: string } }) => after.name === 'Renamed');
    expect(row).toMatchObject({
      action: 'tenant.put', subject: 'audited', tenantId: 'audited', requestId: headers.get('x-request-id'),
      actor: expect.stringMatching(/^key:key_/), before: { name: 'audited' }, after: { name: 'Renamed' },
    });
    expect((await api.ops('GET', '/v1/ops/audit')).body.items).toContainEqual(row);
  });

  it('of many who make one tenant at a time, one makes it', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, (_, at) => api.ops('PUT', '/v1/ops/tenants/raced', { name: `n${at}` })));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(9).fill(200), 201]);
  });

  it.each([
    ['capitals', 'Acme', { name: 'a' }],
    ['a dash in front', '-acme', { name: 'a' }],
    ['64 characters', 'a'.repeat(64), { name: 'a' }],
    ['the name of the log that no tenant owns', 'system', { name: 'a' }],
    ['an empty name', 'x', { name: '' }],
    ['a name of 201 characters', 'x', { name: 'a'.repeat(201) }],
    ['no name', 'x', {}],
    ['a field of another thing', 'x', { name: 'a', limits: {} }],
  ])('refuses %s', async (_name, id, body) => {
    const answer = await api.ops('PUT', `/v1/ops/tenants/${id}`, body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'request.invalid' });
    expect((await api.ops('GET', `/v1/ops/tenants/${id}`)).status).toBe(404);
  });

  it('answers for an absent tenant by 404 tenant.not-found', async () => {
    expect((await api.ops('GET', '/v1/ops/tenants/none')).body).toMatchObject({ status: 404, code: 'tenant.not-found' });
  });
});

describe('GET /v1/ops/tenants', () => {
  it('lists newest first, page by page, each tenant once', async () => {
    for (const id of ['page-1', 'page-2', 'page-3', 'page-4', 'page-5']) await api.ops('PUT', `/v1/ops/tenants/${id}`, { name: id });
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await api.ops('GET', `/v1/ops/tenants?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(body.items.length).toBeLessThanOrEqual(2);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
    }
    expect(seen.filter((id) => id.startsWith('page-'))).toEqual(['page-5', 'page-4', 'page-3', 'page-2', 'page-1']);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toContain('default');
  });
});

describe('GET /v1/tenant', () => {
  it('is the tenant of the key', async () => {
    const key = await api.makeTenant('mine');
    expect((await api.product.api.call('GET', '/v1/tenant', { key })).body).toMatchObject({ id: 'mine', name: 'mine' });
  });
});
