/** What a route of /api/v1 is: one row that says what comes in, what goes out and what is refused, with the handler behind it. */
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Caller, Desk } from '../core/desk.ts';
import { AppError, type ErrorCode } from '../core/errors.ts';
import type { Origin } from '../core/origin.ts';

/** What a handler is given: everything checked already. `D` is the desk that does things: a site's, or the centre's. */
export interface Call<Params, Query, Body, D = Desk> {
  readonly desk: D;
  readonly from: Origin;
  readonly request: Request;
  readonly response: Response;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly version: string;
  readonly isSecure: boolean;
}

/** A JSON answer, or null when the handler sent something itself. */
export type Reply = { readonly status?: 200 | 201 | 204; readonly json: unknown } | null;

export interface Route<D = Desk, C = Caller> {
  readonly method: 'get' | 'post';
  /** Below /api/v1, with {parameters} as OpenAPI writes them. */
  readonly path: string;
  readonly summary: string;
  readonly needsLogin: boolean;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: z.ZodType | null;
  /** Larger bodies are refused; null for the usual limit. */
  readonly bodyBytesMax: number | null;
  /** Success by status: a schema for JSON, or a media type. */
  readonly answers: { readonly [status: number]: z.ZodType | string | null };
  readonly refusals: readonly ErrorCode[];
  readonly handle: (call: Call<never, never, never, D>, caller: C) => Promise<Reply> | Reply;
}

interface Row<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly bodyBytesMax?: number;
  readonly answers: Route['answers'];
  readonly refusals?: readonly ErrorCode[];
}

const none = z.object({});
type Checked<S> = S extends z.ZodType ? z.output<S> : never;

/** The two kinds of routes before a desk: for everybody, and for people who are logged in. */
export function routesBefore<D, C>() {
  return {
    open<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
      row: Row<P, Q, B>,
      handle: (call: Call<Checked<P>, Checked<Q>, Checked<B>, D>) => Promise<Reply> | Reply,
    ): Route<D, C> {
      return { ...filled(row), needsLogin: false, handle: handle as Route<D, C>['handle'] };
    },
    guarded<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
      row: Row<P, Q, B>,
      handle: (call: Call<Checked<P>, Checked<Q>, Checked<B>, D>, caller: C) => Promise<Reply> | Reply,
    ): Route<D, C> {
      const refusals: readonly ErrorCode[] = ['not-logged-in', ...(row.refusals ?? [])];
      return { ...filled({ ...row, refusals }), needsLogin: true, handle: handle as Route<D, C>['handle'] };
    },
  };
}

export const { open, guarded } = routesBefore<Desk, Caller>();

function filled<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(row: Row<P, Q, B>) {
  const { method, path, summary, answers } = row;
  const isChange = method === 'post';
  const refusals: readonly ErrorCode[] = [
    'bad-request',
    ...(isChange ? (['foreign-origin'] as const) : []),
    ...(row.refusals ?? []),
  ];
  return {
    ...{ method, path, summary, answers, refusals },
    params: row.params ?? none,
    query: row.query ?? none,
    body: row.body ?? null,
    bodyBytesMax: row.bodyBytesMax ?? null,
  };
}

export const ROOM_REFUSALS: readonly ErrorCode[] = ['room-unknown', 'not-your-room'];
export const SESSION_REFUSALS: readonly ErrorCode[] = ['session-unknown', 'not-your-room'];

/** Checks one part of a request. Throws `bad-request` naming every field that is wrong, and never what was in it. */
export function checked<S extends z.ZodType>(what: S, value: unknown): z.output<S> {
  const result = what.safeParse(value);
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => ({ field: issue.path.join('.'), message: issue.message }));
  throw new AppError('bad-request', 'the request is not as the API document describes it', { fields });
}
