import { z } from 'zod';
import { RequestFault } from './request-fault';

/** Part of a request, as a client names it. */
export type RequestPart = 'path' | 'query' | 'body';

const WORDS: Readonly<Record<RequestPart, string>> = {
  path: 'path parameter',
  query: 'query parameter',
  body: 'member of the body',
};
const NAMES_SHOWN = 16;

/**
 * Checks a part of a request against its schema; a member that the schema does not have is refused too, so that a
 * misspelt option is noticed.
 * @throws RequestFault 400, `where` names the member
 */
export function validate<T>(schema: z.ZodType<T>, value: unknown, part: RequestPart): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  // A misspelt name also makes another one missing; it is the misspelling that its author wants to see.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const path = [part, ...issue.path.map(String)].join('.');
  throw new RequestFault(400, {
    code: 'bad-request',
    message: issue.code === 'unrecognized_keys' ? unknownNames(issue.keys, part) : complaint(issue),
    where: issue.code === 'unrecognized_keys' ? `${path}.${issue.keys[0]}` : path,
    ...(issue.code === 'unrecognized_keys' && knownNames(schema, issue.path, part)),
  });
}

function unknownNames(keys: readonly string[], part: RequestPart): string {
  return `unknown ${WORDS[part]} ${keys
    .slice(0, NAMES_SHOWN)
    .map((key) => JSON.stringify(key))
    .join(', ')}`;
}

/** What could have been meant; only for the outermost object. */
function knownNames(schema: z.ZodType, path: readonly PropertyKey[], part: RequestPart): { hint?: string } {
  if (path.length > 0 || !(schema instanceof z.ZodObject)) return {};
  const names = Object.keys(schema.shape);
  return { hint: names.length ? `there are: ${names.join(', ')}` : `it takes no ${WORDS[part]}` };
}

function complaint(issue: z.core.$ZodIssue): string {
  const name = issue.path.map(String).join('.');
  const text = issue.message
    .replace(/^Invalid input: /, '')
    .replace('received undefined', 'but it is missing');
  const why = text.charAt(0).toLowerCase() + text.slice(1);
  return name ? `${name}: ${why}` : why;
}

/**
 * A query string as one object.
 * @throws RequestFault 400, a parameter is given twice
 */
export function parseQuery(url: string): Record<string, string> {
  const mark = url.indexOf('?');
  const query: Record<string, string> = Object.create(null);
  if (mark < 0) return query;
  for (const [name, value] of new URLSearchParams(url.slice(mark + 1))) {
    if (name in query) {
      const message = `query parameter ${JSON.stringify(name)} is given twice`;
      throw new RequestFault(400, { code: 'bad-request', message, where: `query.${name}` });
    }
    query[name] = value;
  }
  return { ...query };
}
