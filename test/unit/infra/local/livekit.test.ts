import { describe, expect, it } from 'vitest';
import { livekitConfiguration } from '../../../../infra/local/services/livekit.mjs';

const SETTINGS = {
  id: 'eu-fra',
  keyId: 'APIkey',
  secret: 'secret',
  webhookUrl: 'http://127.0.0.1:8080/webhooks/livekit/eu-fra',
  redisPort: 6391,
  ports: { http: 7880, tcp: 7881, udp: 7882, metrics: 6789 },
};

describe('the configuration of a local LiveKit server', () => {
  it('lets nobody make a room by joining it', () => {
    expect(livekitConfiguration(SETTINGS)).toMatchObject({ room: { auto_create: false } });
  });

  it('names no address outside this machine', () => {
    const addresses = JSON.stringify(livekitConfiguration(SETTINGS)).match(/\d+\.\d+\.\d+\.\d+/g) ?? [];
    expect(new Set(addresses)).toEqual(new Set(['127.0.0.1']));
  });

  it('signs its webhooks with the key it knows', () => {
    expect(livekitConfiguration(SETTINGS)).toMatchObject({
      keys: { APIkey: 'secret' },
      webhook: { api_key: 'APIkey', urls: [SETTINGS.webhookUrl] },
    });
  });

  it('runs in memory where there is no Redis', () => {
    expect(livekitConfiguration({ ...SETTINGS, redisPort: undefined })).not.toHaveProperty('redis');
  });
});
