import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** AES-256-GCM takes keys of this length; NIST SP 800-38D recommends its 96-bit nonce and full 128-bit tag. */
export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 'v1';
const PARTS = 5;

/** A sealed text taken apart: `v1.<key id>.<nonce>.<ciphertext>.<tag>`, each of the last three in base64url. */
interface SealedParts {
  readonly keyId: string;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/** Why a sealed text could not be opened. The text never holds anything of what was sealed. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

/**
 * Seals bytes under a key. `aad` says where the result belongs (`region/eu-fra/redis.url`): moved to another place, it
 * does not open. A key may seal 2^32 texts before random nonces come too close; deployments seal a few a day.
 */
export function sealBytes(plain: Buffer, options: { readonly keyId: string; readonly key: Buffer; readonly aad: string }): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', options.key, nonce);
  cipher.setAAD(boundTo(options.keyId, options.aad));
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  const encoded = [nonce, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'));
  return [VERSION, options.keyId, ...encoded].join('.');
}

/** The id of the key that a text was sealed under. @throws SealError when it is no sealed text of a known version. */
export function sealingKeyOf(sealed: string): string {
  return takeApart(sealed).keyId;
}

/** @throws SealError when the key is another, the text was changed, or it was sealed for another place. */
export function openBytes(sealed: string, options: { readonly key: Buffer; readonly aad: string }): Buffer {
  const { keyId, nonce, ciphertext, tag } = takeApart(sealed);
  const decipher = createDecipheriv('aes-256-gcm', options.key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo(keyId, options.aad));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch {
    throw new SealError(`What is sealed for ${options.aad} does not open: another key, another place, or changed.`);
  }
}

function boundTo(keyId: string, aad: string): Buffer {
  return Buffer.from(`${VERSION}/${keyId}/${aad}`);
}

function takeApart(sealed: string): SealedParts {
  const [version, keyId, ...encoded] = sealed.split('.');
  const [nonce, ciphertext, tag] = encoded.map((part) => Buffer.from(part, 'base64url'));
  const whole = encoded.length === PARTS - 2 && nonce?.length === NONCE_BYTES && tag?.length === TAG_BYTES;
  if (version !== VERSION || !keyId || !whole || !ciphertext) {
    throw new SealError('This is not a sealed text of a version that this release knows.');
  }
  return { keyId, nonce, ciphertext, tag };
}
