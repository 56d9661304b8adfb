import { AppError, invalidField } from '../kernel/app-error.ts';
import type { Page, PageRequest } from '../kernel/page.ts';
import type { Generations } from '../coordination/generation.ts';
import type { ChangeSignal } from '../coordination/change-signal.ts';
import type { Scope } from '../platform/http/actor.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import { type ApiKey, isOperatorOnly, makeCredential } from './api-key.ts';
import { createApiKeyStore } from './api-key-store.ts';
import { createTenantStore } from './tenant-store.ts';

export interface NewApiKey {
  readonly tenantId: string | null;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
}

/** Who did it, for the audit row of a mutation. */
export interface By {
  readonly actor: string;
  readonly requestId?: string;
}

export interface ApiKeyService {
  /**
   * Makes a key; the credential is in the answer and nowhere else.
   * @throws AppError `tenant.not-found`; `request.invalid` for a tenantless key with a tenant's scope, or a past expiry.
   */
  create(key: NewApiKey, by: By): Promise<ApiKey & { readonly credential: string }>;
  list(tenantId: string | undefined, page: PageRequest): Promise<Page<ApiKey>>;
  /** Revokes a key on all replicas within a second. @throws AppError `api-key.not-found`. */
  remove(id: string, tenantId: string | undefined, by: By): Promise<void>;
  /** The first operator key of a deployment; undefined when there is one already and `another` is not set. */
  bootstrap(options: { readonly another: boolean }): Promise<(ApiKey & { readonly credential: string }) | undefined>;
}

export interface ApiKeyServiceDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly generations: Generations;
  readonly changes: ChangeSignal;
  readonly nowMs: () => number;
}

const audited = ({ hash: _hash, ...key }: ApiKey): Omit<ApiKey, 'hash'> => key;

export function createApiKeyService(dependencies: ApiKeyServiceDependencies): ApiKeyService {
  const { unitOfWork, generations, changes, nowMs } = dependencies;

  async function create(asked: NewApiKey, by: By): Promise<ApiKey & { readonly credential: string }> {
    assertSound(asked, nowMs());
    const { credential, ...made } = makeCredential();
    const key: ApiKey = { ...made, ...asked, createdAt: new Date(nowMs()), lastUsedAt: null };
    await unitOfWork.run(async ({ db, appendAudit }) => {
      if (asked.tenantId !== null) await createTenantStore(db).get(asked.tenantId);
      await createApiKeyStore(db).insert(key);
      await appendAudit({ ...by, action: 'api-key.create', subject: key.id, after: audited(key), tenantId: key.tenantId });
    });
    return { ...key, credential };
  }

  return {
    create,
    list: (tenantId, page) => createApiKeyStore(unitOfWork.db).list(tenantId, page),
    remove: async (id, tenantId, by) => {
      await unitOfWork.run(async ({ db, appendAudit }) => {
        const key = await createApiKeyStore(db).remove(id, tenantId);
        if (!key) throw new AppError('api-key.not-found', { detail: 'There is no such API key.' });
        await generations.bump(db, 'keys');
        await appendAudit({ ...by, action: 'api-key.delete', subject: id, before: audited(key), tenantId: key.tenantId });
      });
      changes.announce();
    },
    bootstrap: async ({ another }) => {
      const existing = await createApiKeyStore(unitOfWork.db).countOperatorKeys();
      if (existing > 0 && !another) return undefined;
      const key: NewApiKey = { tenantId: null, name: 'bootstrap', scopes: ['ops:read', 'ops:write'], expiresAt: null };
      return create(key, { actor: 'cli:bootstrap' });
    },
  };
}

function assertSound({ tenantId, scopes, expiresAt }: NewApiKey, nowMs: number): void {
  if (tenantId === null && !isOperatorOnly(scopes)) {
    throw invalidField('tenantId', 'is needed: only a key with nothing but ops scopes may be without a tenant');
  }
  if (expiresAt && expiresAt.getTime() <= nowMs) throw invalidField('expiresAt', 'must lie in the future');
}
