import { useEffect, useRef } from 'preact/hooks';

/** A verifier's log, scrolled to its end where the reason for a refusal stands. */
export function VerifierLog({ lines, refused = false }: { lines: readonly string[]; refused?: boolean }) {
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (refused && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, refused]);
  const reason = refused ? reasonLine(lines) : -1;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
    <pre class="code verifier-log" ref={box} tabIndex={0}>
      {lines.map((line, at) => (
        <span key={at} class={`line ${at === reason ? 'line-reason' : lineClass(line)}`}>
          {line}
        </span>
      ))}
    </pre>
  );
}

/** The last line before the statistics says why. */
function reasonLine(lines: readonly string[]): number {
  return lines.findLastIndex(
    (line) => line !== '' && !/^(processed|verification time|stack depth)\b/.test(line),
  );
}

function lineClass(line: string): string {
  return line.startsWith(';') ? 'line-source' : /^processed\b/.test(line) ? 'line-muted' : '';
}
