import { createServer } from 'node:http';

/** The audience that the stack's tokens are for. */
export const ISSUER_AUDIENCE = 'meridian';

/**
 * A development issuer of access tokens: it publishes its discovery document and its public key, so that whoever holds
 * the private one (from `local.json`) can make users. It signs nothing itself, and ends with this process.
 * @param {{port: number, privateJwk: import('node:crypto').JsonWebKey}} options
 * @returns {Promise<{issuer: string}>}
 */
export async function startIssuer({ port, privateJwk }) {
  const issuer = `http://127.0.0.1:${port}`;
  const { d: _private, ...publicJwk } = privateJwk;
  /** @type {Record<string, unknown>} */
  const documents = {
    '/.well-known/openid-configuration': {
      issuer,
      jwks_uri: `${issuer}/jwks`,
      authorization_endpoint: `${issuer}/authorize`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    },
    '/jwks': { keys: [publicJwk] },
  };
  const server = createServer((request, response) => {
    const document = documents[request.url?.split('?')[0] ?? ''];
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? { error: 'not_found' }));
  });
  await new Promise((resolve, reject) =>
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(undefined)),
  );
  server.unref();
  return { issuer };
}
