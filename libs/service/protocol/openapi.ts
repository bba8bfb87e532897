import { z } from 'zod';
import { errorBody } from './errors';
import { ROUTES, type Route } from './routes';

type Json = Record<string, unknown>;

const PREFIX = '/api/v1';
const REFUSALS: Readonly<Record<number, string>> = {
  400: 'the request is malformed; `where` names the field',
  401: 'no token, or a wrong one',
  403: 'a foreign Origin or Host',
  503: 'the emulated kernel is busy or restarting; try again',
};

/** The OpenAPI 3.1 document of the REST API, made from {@link ROUTES}. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const [operationId, route] of Object.entries(ROUTES as Record<string, Route>)) {
    const path = PREFIX + route.path;
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operation(operationId, route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'probed',
      version,
      description: 'eBPF programs in an emulated Linux kernel: load, attach, read maps and records.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: schemaOf(errorBody, 'output') },
    },
  };
}

function operation(operationId: string, route: Route): Json {
  const { tag, summary, status, response, errors } = route;
  const refusals = { ...REFUSALS, ...errors };
  return {
    operationId,
    tags: [tag],
    summary,
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(route.body && { requestBody: requestBody(route.body, route.binaryBody === true) }),
    responses: {
      [status]: { description: 'done', content: jsonContent(schemaOf(response, 'output')) },
      ...Object.fromEntries(
        Object.entries(refusals).map(([code, description]) => [
          code,
          { description, content: jsonContent({ $ref: '#/components/schemas/Error' }) },
        ]),
      ),
    },
  };
}

function parameters(schema: z.ZodObject | undefined, where: 'path' | 'query'): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...type }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema: type,
  }));
}

function requestBody(schema: z.ZodType, binary: boolean): Json {
  return {
    required: true,
    content: {
      ...(binary && { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }),
      ...jsonContent(schemaOf(schema, 'input')),
    },
  };
}

function jsonContent(schema: Json): Json {
  return { 'application/json': { schema } };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return rest;
}
