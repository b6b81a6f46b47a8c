/** The API document, made from the table of routes and the schemas that check requests. */
import { type OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import type { z } from 'zod';
import { AppError, CATALOGUE, type ErrorCode } from '../core/errors.ts';
import { failureOf } from './failures.ts';
import { API_BASE } from './http-app.ts';
import { COOKIE } from './login-cookie.ts';
import type { Route } from './route.ts';
import { ROUTES } from './routes.ts';
import { errorBody, registry } from './schemas.ts';

/** What a document needs of a route, whatever desk stands behind it. */
type Described = Omit<Route, 'handle'>;

/** The document of a site. */
export function openApiDocument(version: string): object {
  return documentOf(
    'Quancheng 全程',
    'Every action of the panel. All times are UTC milliseconds.',
    version,
    registry,
    ROUTES,
  );
}

/** OpenAPI 3.1 as plain data. */
export function documentOf(
  title: string,
  description: string,
  version: string,
  schemas: OpenAPIRegistry,
  routes: readonly Described[],
): object {
  const login = schemas.registerComponent('securitySchemes', 'login', { type: 'apiKey', in: 'cookie', name: COOKIE });
  const definitions = [
    ...schemas.definitions,
    ...routes.map((route) => ({ type: 'route' as const, route: describe(route, login.name) })),
  ];
  return new OpenApiGeneratorV31(definitions).generateDocument({
    openapi: '3.1.0',
    info: { title, version, description },
    servers: [{ url: API_BASE }],
  });
}

function describe(route: Described, login: string): RouteConfig {
  return {
    method: route.method,
    path: route.path,
    summary: route.summary,
    ...(route.needsLogin ? { security: [{ [login]: [] }] } : {}),
    request: {
      params: route.params,
      query: route.query,
      ...(route.body === null ? {} : { body: { content: { 'application/json': { schema: route.body } } } }),
    },
    responses: { ...successes(route), ...refusals(route.refusals) },
  };
}

function successes(route: Described): RouteConfig['responses'] {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, answer]) => {
      if (answer === null) return [status, { description: 'without body' }];
      if (typeof answer === 'string') return [status, { description: answer, content: { [answer]: { schema: {} } } }];
      return [status, { description: 'as asked', content: { 'application/json': { schema: answer as z.ZodType } } }];
    }),
  );
}

function refusals(codes: readonly ErrorCode[]): RouteConfig['responses'] {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of [...codes, 'internal' as const]) {
    const { status } = failureOf(new AppError(code, ''));
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      {
        description: group.map((code) => `${code}: ${CATALOGUE[code].hint}`).join(' '),
        content: { 'application/json': { schema: errorBody } },
      },
    ]),
  );
}
