import { type LoadOptions, loadOptions, type ParsedRequest } from '@probed/protocol';
import { OBJECT_BYTES_MAX } from './operation.guard';
import { RequestFault } from './request-fault';
import { validate } from './validate';

type UploadRequest = ParsedRequest<'uploadProgram'>;

/** The object file and options of an upload, in either of its forms. @throws RequestFault 400, 413 */
export function uploadOf({ body, query }: UploadRequest): { bytes: Uint8Array; options: LoadOptions } {
  const { options: json, ...direct } = query;
  const given = Object.fromEntries(Object.entries(direct).filter(([, value]) => value !== undefined));
  if (body instanceof Uint8Array) {
    const further = validate(loadOptions, json === undefined ? {} : parseOptions(json), 'query');
    return { bytes: body, options: { ...further, ...given } };
  }
  if (json !== undefined)
    throw fault('options goes with an octet-stream; put them into the JSON', 'query.options');
  const { object, ...options } = body;
  return { bytes: objectBytes(object), options: { ...options, ...given } };
}

function parseOptions(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw fault('options is not JSON', 'query.options');
  }
}

function objectBytes(base64: string): Uint8Array {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0) throw fault('the object is empty', 'body.object');
  if (bytes.length <= OBJECT_BYTES_MAX) return bytes;
  const message = 'the object is larger than 16 MiB';
  throw new RequestFault(413, { code: 'body-too-large', message, where: 'body.object' });
}

function fault(message: string, where: string): RequestFault {
  return new RequestFault(400, { code: 'bad-request', message, where });
}
