import { diagnostic, err, ok, type Result, suggestion } from '@probed/base';
import { FAULTS, type FaultRow } from './fault-table';

/** Which calls fail, and how. Several conditions must all hold. */
export interface FaultSpec {
  readonly row: FaultRow;
  /** As the user wrote it. */
  readonly text: string;
  /** Only calls with this map. */
  readonly map?: string;
  /** Only calls while this program runs. */
  readonly program?: string;
  /** Only calls of this helper, without the `bpf_` prefix. */
  readonly helper?: string;
  /** Of these calls, the first and the last that fail, counted from 1. */
  readonly from?: number;
  readonly to?: number;
  /** Of these calls, every so manyth. */
  readonly every?: number;
  /** Of these calls, so many in a hundred, drawn by the seed. */
  readonly percent?: number;
  /** No more than so many failures. */
  readonly times?: number;
}

type Mutable = { -readonly [K in keyof FaultSpec]: FaultSpec[K] };

const FORM =
  'NAME, NAME@3, NAME@3-5, NAME@3+, NAME:10%, NAME:every=5, NAME:map=M, NAME:program=P, NAME:times=2';
/** Fields of the forms above that name something; what they name is checked when objects are there. */
const NAMES: ReadonlySet<string> = new Set(['map', 'program', 'helper']);
const COUNTS: ReadonlySet<string> = new Set(['every', 'times']);

/** Parses `ringbuf-full,map-enomem@3,probe-read:every=5:program=on_exec`. Errors: `fault`, saying what is wrong. */
export function parseFaults(text: string): Result<FaultSpec[]> {
  const specs: FaultSpec[] = [];
  for (const part of text.split(',')) {
    const spec = parseFault(part.trim());
    if (!spec.ok) return spec;
    specs.push(spec.value);
  }
  return ok(specs);
}

function parseFault(text: string): Result<FaultSpec> {
  const [head, ...selectors] = text.split(':');
  const [name, range] = head.split('@');
  const row = FAULTS.find((fault) => fault.name === name.replaceAll('_', '-'));
  if (!row) {
    const hint = suggestion(
      name,
      FAULTS.map((fault) => fault.name),
    );
    return err(diagnostic('fault', `no fault is called '${name}'`, { hint }));
  }
  const spec: Mutable = { row, text };
  const fine = (range === undefined || takeRange(spec, range)) && selectors.every((one) => take(spec, one));
  return fine ? ok(spec) : err(diagnostic('fault', `'${text}' selects no calls`, { hint: `forms: ${FORM}` }));
}

function takeRange(spec: Mutable, text: string): boolean {
  const match = /^([1-9]\d{0,14})(\+|-([1-9]\d{0,14}))?$/.exec(text);
  if (!match) return false;
  spec.from = Number(match[1]);
  if (match[2] !== '+') spec.to = Number(match[3] ?? match[1]);
  return spec.to === undefined || spec.to >= spec.from;
}

function take(spec: Mutable, selector: string): boolean {
  const percent = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(selector);
  if (percent) {
    spec.percent = Number(percent[1]);
    return spec.percent > 0 && spec.percent <= 100;
  }
  const [key, value, ...rest] = selector.split('=');
  if (!value || rest.length > 0) return false;
  if (NAMES.has(key)) {
    spec[key as 'map' | 'program' | 'helper'] = key === 'helper' ? value.replace(/^bpf_/, '') : value;
    return key !== 'helper' || spec.helper! in spec.row.helpers;
  }
  if (!COUNTS.has(key) || !/^[1-9]\d{0,8}$/.test(value)) return false;
  spec[key as 'every' | 'times'] = Number(value);
  return true;
}
