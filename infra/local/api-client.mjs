import { Failure } from './failure.mjs';

const CALL_TIMEOUT_MS = 10_000;

/**
 * Calls the product's API with one credential.
 * @param {{baseUrl: string, key: string}} options
 */
export function createApiClient({ baseUrl, key }) {
  return {
    /**
     * @param {string} method
     * @param {string} path
     * @param {unknown} [body]
     * @param {{callerAddress?: string}} [options] the address that the call shall seem to come from
     * @returns {Promise<any>} the answer's body
     * @throws {Failure} with the problem's detail when the answer is none of success
     */
    call: async (method, path, body, { callerAddress } = {}) => {
      const response = await fetch(`${baseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(callerAddress && { 'x-forwarded-for': callerAddress }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      });
      const text = await response.text();
      if (response.ok) return text === '' ? undefined : JSON.parse(text);
      throw new Failure(`${method} ${path} answered ${response.status}: ${text.slice(0, 500)}`);
    },
    /** The status alone. @param {string} path @returns {Promise<number>} */
    statusOf: async (path) => {
      const response = await fetch(`${baseUrl}${path}`, {
        headers: { authorization: `Bearer ${key}` },
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      });
      await response.arrayBuffer();
      return response.status;
    },
  };
}

/** @typedef {ReturnType<typeof createApiClient>} ApiClient */
