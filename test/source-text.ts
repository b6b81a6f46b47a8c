/** Reads sources just well enough for the tidy test: what is code and what is not, and what a file imports. No compiler needed. */

export interface Import {
  /** What stands between the quotes. */
  readonly from: string;
  /** True for `import type` and `export type`, which leave no trace in the program. */
  readonly isTypeOnly: boolean;
  readonly line: number;
}

/** Everything a source imports: import and export … from, import for effect, import(), and new URL(…, import.meta.url). */
export function importsOf(source: string): Import[] {
  const text = withoutComments(source);
  const code = codeOf(source);
  const found: Import[] = [];
  const patterns: readonly RegExp[] = [
    /(?:^|[;}\n])\s*(?:import|export)\s+(type\s)?[^'"`;()]*?\bfrom\s*(['"])([^'"\n]+)\2/g,
    /(?:^|[;}\n])\s*import()\s*(['"])([^'"\n]+)\2/g,
    /\bimport()\s*\(\s*(['"])([^'"\n]+)\2/g,
    /\bnew\s+URL()\s*\(\s*(['"])(\.[^'"\n]+\.(?:ts|tsx|mjs|js))\2\s*,\s*import\.meta\.url/g,
  ];
  for (const pattern of patterns) {
    for (const match of text.matchAll(pattern)) {
      // A text may hold a program; what it imports is its own affair.
      const keyword = match.index + match[0].search(/import|export|new/);
      if (code[keyword] === ' ') continue;
      const line = lineAt(text, match.index + match[0].length);
      found.push({ from: match[3] ?? '', isTypeOnly: (match[1] ?? '') !== '', line });
    }
  }
  return found;
}

/** The source with comments blanked and everything else in its place. */
export function withoutComments(source: string): string {
  return blank(source, { strings: false });
}

/** The source with comments and the insides of strings blanked, so that only code is left, in its place. */
export function codeOf(source: string): string {
  return blank(source, { strings: true });
}

/** Number of the line that the character at `index` stands in, from 1. */
export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let i = 0; i < index; i++) if (text[i] === '\n') line += 1;
  return line;
}

function blank(source: string, what: { readonly strings: boolean }): string {
  let out = '';
  let i = 0;
  /** Braces open within each ${ of the templates we are in. */
  const templates: number[] = [];
  const skip = (end: number, hide: boolean): void => {
    const piece = source.slice(i, end);
    out += hide ? piece.replace(/[^\n]/g, ' ') : piece;
    i = end;
  };
  const template = (): void => {
    const end = endOfTemplate(source, i + 1);
    skip(end, what.strings);
    if (source.startsWith('${', end - 2)) templates.push(0);
  };
  while (i < source.length) {
    const character = source[i] ?? '';
    const two = source.slice(i, i + 2);
    const depth = templates.at(-1);
    if (two === '//') skip(endOr(source.indexOf('\n', i), source), true);
    else if (two === '/*') skip(endOr(source.indexOf('*/', i + 2), source, 2), true);
    else if (character === "'" || character === '"') skip(endOfString(source, i), what.strings);
    else if (character === '`') template();
    else if (character === '/' && startsPattern(out)) skip(endOfPattern(source, i), what.strings);
    else if (character === '}' && depth === 0) {
      templates.pop();
      template();
    } else {
      if (depth !== undefined && character === '{') templates[templates.length - 1] = depth + 1;
      if (depth !== undefined && character === '}') templates[templates.length - 1] = depth - 1;
      skip(i + 1, false);
    }
  }
  return out;
}

function endOr(index: number, source: string, length = 0): number {
  return index < 0 ? source.length : index + length;
}

function endOfString(source: string, start: number): number {
  let i = start + 1;
  while (i < source.length && source[i] !== source[start] && source[i] !== '\n') i += source[i] === '\\' ? 2 : 1;
  return Math.min(i + 1, source.length);
}

/** Behind the closing backtick, or behind the next `${`. */
function endOfTemplate(source: string, start: number): number {
  let i = start;
  while (i < source.length) {
    if (source[i] === '`') return i + 1;
    if (source.startsWith('${', i)) return i + 2;
    i += source[i] === '\\' ? 2 : 1;
  }
  return source.length;
}

function endOfPattern(source: string, start: number): number {
  let isInClass = false;
  let i = start + 1;
  while (i < source.length && source[i] !== '\n' && (source[i] !== '/' || isInClass)) {
    if (source[i] === '[') isInClass = true;
    if (source[i] === ']') isInClass = false;
    i += source[i] === '\\' ? 2 : 1;
  }
  return Math.min(i + 1, source.length);
}

/** A slash begins a regular expression where no value can have ended. */
function startsPattern(before: string): boolean {
  const trimmed = before.trimEnd();
  return trimmed === '' || /[(,=:[!&|?{};+<>~^%*-]$/.test(trimmed) || /\b(?:return|typeof|case|of|in)$/.test(trimmed);
}
