import { describe, expect, it } from 'vitest';
import { productEnvironment } from '../../../../infra/local/services/product.mjs';
import { ENV } from '../../../../src/platform/config/env-schema.ts';

const SETTINGS = {
  databaseUrl: 'postgresql://127.0.0.1/meridian',
  redisUrl: null,
  publicUrl: 'http://127.0.0.1:8080',
  masterKey: 'local:key',
  regionsFile: '/state/regions.yaml',
  defaultRegion: 'eu-fra',
};

describe('the environment that the local stack gives the product', () => {
  it('holds only names that the product knows, since it refuses others', () => {
    const names = Object.keys(productEnvironment({ MERIDIAN_REQUIRE_REAL: '1' }, SETTINGS));
    expect(names.filter((name) => !(name in ENV))).toEqual([]);
  });

  it('yields to what the caller set', () => {
    const environment = productEnvironment({ MERIDIAN_CORS_ORIGINS: 'https://meet.example', LANG: 'C' }, SETTINGS);
    expect(environment).toMatchObject({ MERIDIAN_CORS_ORIGINS: 'https://meet.example', LANG: 'C' });
  });

  it('names no Redis where there is none', () => {
    expect(productEnvironment({}, SETTINGS)).not.toHaveProperty('REDIS_URL');
  });
});
