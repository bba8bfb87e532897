import { openApiDocument } from './openapi';
import { ROUTES, type Route } from './routes';

type Json = { readonly [key: string]: unknown };
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: Json;
}
interface OperationObject {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Json }> };
  readonly responses: Record<string, { readonly description: string; readonly content: Json }>;
}

const document = openApiDocument('1.2.3') as unknown as {
  readonly openapi: string;
  readonly info: Json;
  readonly security: readonly Json[];
  readonly components: { readonly schemas: Json; readonly securitySchemes: Json };
  readonly paths: Record<string, Record<string, OperationObject>>;
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** Every object in a JSON document. */
function* objectsIn(value: unknown): Generator<Json> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Json;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}

test('head', () => {
  expect(document).toMatchObject({
    openapi: '3.1.0',
    info: { title: 'probed', version: '1.2.3' },
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  });
});

test('every operation of ROUTES is there once, at its path and method', () => {
  const described = operations.map(({ path, method, operation }) => [operation.operationId, method, path]);
  const routes = Object.entries<Route>(ROUTES).map(([id, route]) => [
    id,
    route.method.toLowerCase(),
    `/api/v1${route.path}`,
  ]);
  expect(described.sort()).toEqual(routes.sort());
});

test('no two operations share path and method', () => {
  const places = Object.values<Route>(ROUTES).map(({ method, path }) => `${method} ${path}`);
  expect(new Set(places).size).toBe(places.length);
});

test.each(operations)(
  '$method $path: parameters, bodies and answers are described',
  ({ path, operation }) => {
    const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
    expect(inPath.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    expect(inPath.every(({ required }) => required)).toBe(true);
    expect(operation.parameters.every(({ schema }) => Object.keys(schema).length > 0)).toBe(true);
    expect(operation.summary).toMatch(/^[A-Z]/);
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['400', '401', '403', '503']));
    const { status } = ROUTES[operation.operationId as keyof typeof ROUTES] as Route;
    expect(operation.responses[status]).toBeDefined();
    for (const { description, content } of Object.values(operation.responses)) {
      expect(description).not.toBe('');
      expect(content['application/json']).toBeDefined();
    }
  },
);

test('every reference leads somewhere, and it is JSON through and through', () => {
  const references = [...objectsIn(document)].flatMap((one) => (one['$ref'] as string | undefined) ?? []);
  expect(new Set(references)).toEqual(new Set(['#/components/schemas/Error']));
  expect(document.components.schemas['Error']).toBeDefined();
  expect(JSON.parse(JSON.stringify(document))).toEqual(document);
});

test('requests take no member that they do not know', () => {
  for (const { operation } of operations) {
    const body = operation.requestBody?.content['application/json']?.schema;
    if (body)
      expect([operation.operationId, body['additionalProperties']]).toEqual([operation.operationId, false]);
  }
});
