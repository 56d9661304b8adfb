import type { z } from 'zod';
import type { ErrorCode } from '../../kernel/error-codes.ts';
import type { Actor, Scope } from './actor.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/**
 * Who may call: anyone (a credential is read when one is sent), a credential with one of the scopes, or whoever signed
 * the request: the handler then checks the `Authorization` header, which is in no form of ours.
 */
export type Access =
  | { readonly kind: 'anyone' }
  | { readonly kind: 'signed' }
  | { readonly kind: 'scopes'; readonly anyOf: readonly Scope[] };

export const ANYONE: Access = { kind: 'anyone' };
export const SIGNED: Access = { kind: 'signed' };
export function scopes(...anyOf: readonly Scope[]): Access {
  return { kind: 'scopes', anyOf };
}

/** What a handler learns of a call besides its parsed message. */
export interface Call {
  readonly actor: Actor;
  readonly requestId: string;
  /** The client's address, resolved from trusted proxies only. */
  readonly address: string;
  /** Whether the peer's forwarding headers may be believed. */
  readonly trustedPeer: boolean;
  /** One request header by its lower-case name; several values joined as the server joined them. */
  header(name: string): string | undefined;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ResponseSpec {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Media type of a body that is not JSON. */
  readonly contentType?: string;
  readonly headers?: readonly string[];
}

type Parsed<T> = T extends z.ZodType ? z.output<T> : undefined;

export interface RouteSpec<P, Q, B> {
  readonly method: Method;
  /** In OpenAPI's form: `/v1/rooms/{room}`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  readonly access: Access;
  /** Browsers of the configured origins may call it. */
  readonly cors?: boolean;
  /** The body is handed over as bytes, whatever its content type. */
  readonly rawBody?: boolean;
  /** Bytes a body may have; default 256 kB. */
  readonly bodyLimit?: number;
  /** Tells whether the process or a part of it is well: served from the first moment to the last, whatever is asked. */
  readonly isHealth?: boolean;
  /** Kept out of the OpenAPI document: health, documentation and internals. */
  readonly hidden?: boolean;
  readonly request?: { readonly params?: P; readonly query?: Q; readonly body?: B };
  readonly responses: Readonly<Record<number, ResponseSpec>>;
  /** Codes of its own, beside those that every route of its access can answer. */
  readonly problems?: readonly ErrorCode[];
}

export interface Message<P, Q, B> {
  readonly params: Parsed<P>;
  readonly query: Parsed<Q>;
  readonly body: Parsed<B>;
  /** Only with `rawBody`. */
  readonly raw: Buffer;
}

/** A message before its schemas are known by type. */
export interface AnyMessage {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly raw: Buffer;
}

/** A route as data: mounting, validation, types and the OpenAPI document all come from it. */
export interface Route extends RouteSpec<z.ZodType | undefined, z.ZodType | undefined, z.ZodType | undefined> {
  handle(message: AnyMessage, call: Call): Promise<Reply> | Reply;
}

/**
 * Declares a route. The handler gets parsed values, answers with a `Reply`, and lets errors pass: one mapper turns
 * them into problems.
 */
export function defineRoute<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  route: RouteSpec<P, Q, B> & {
    readonly handler: (message: Message<P, Q, B>, call: Call) => Promise<Reply> | Reply;
  },
): Route {
  const { handler, ...spec } = route;
  // The mount parses with the very schemas of `spec`, so what arrives has the handler's types.
  return { ...spec, handle: handler };
}
