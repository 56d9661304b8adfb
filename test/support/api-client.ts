export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer is whatever the test then says it is
  readonly body: any;
  readonly text: string;
}

export interface CallOptions {
  /** Default: the client's own key; null calls without a credential. */
  readonly key?: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The address that the call seems to come from, by `X-Forwarded-For`. */
  readonly from?: string;
  readonly timeoutMs?: number;
}

export interface ApiClient {
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** A room with the given body; its wire form. @throws Error unless it was made. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  makeRoom(body?: Readonly<Record<string, unknown>>): Promise<any>;
  join(room: string, body?: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<Answer>;
}

const TIMEOUT_MS = 15_000;

export function createApiClient(url: string, ownKey: string): ApiClient {
  async function call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const key = options.key === undefined ? ownKey : options.key;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(options.from === undefined ? {} : { 'x-forwarded-for': options.from }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parsed(text) };
  }

  return {
    call,
    makeRoom: async (body = {}) => {
      const answer = await call('POST', '/v1/rooms', { body });
      if (answer.status !== 201) throw new Error(`POST /v1/rooms: ${answer.status} ${answer.text}`);
      return answer.body;
    },
    join: (room, body = {}, options = {}) => call('POST', `/v1/rooms/${room}/join`, { body, ...options }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
