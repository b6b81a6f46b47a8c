/**
 * The house keeps itself in order: folders, import directions, one library one room, banned calls with what to use instead, and
 * documents that follow the code. The tables come first, because they are what one reads this file for.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../controller/config/load.ts';
import { CATALOGUE } from '../controller/core/errors.ts';
import { codeOf, importsOf, lineAt, withoutComments } from './source-text.ts';

/** The whole top level. */
const TOP_LEVEL = [
  ...['.ci', '.gitignore', 'LICENSE', 'README.md', 'biome.json', 'package-lock.json', 'package.json', 'tsconfig.json'],
  ...['controller', 'devices', 'panel', 'systemd', 'test'],
];

/**
 * Which rooms a room may import from, beside itself. A room is a folder of two levels; `controller` is the entry and `commands`
 * the composition root, which put everything together.
 */
const DIRECTIONS: { readonly [room: string]: readonly string[] | 'anything' } = {
  'controller/core': [],
  'controller/ledger': ['controller/core'],
  'controller/config': ['controller/core'],
  'controller/recorder': ['controller/core', 'controller/ledger'],
  'controller/store': ['controller/core', 'controller/ledger'],
  'controller/forward': ['controller/core', 'controller/ledger'],
  'controller/central': ['controller/core', 'controller/ledger'],
  'controller/live': ['controller/core', 'controller/ledger'],
  'controller/media': ['controller/core', 'controller/ledger'],
  'controller/site': ['controller/core', 'controller/ledger'],
  'controller/api': ['controller/core', 'controller/site'],
  'controller/commands': 'anything',
  controller: 'anything',
  'devices/indicator': ['controller/core'],
  'devices/onvif': ['controller/core'],
  'devices/virtual': ['controller/core'],
  panel: [],
  test: 'anything',
};

/** All that the panel sees of the controller, and only as types. */
const CONTRACT = /^controller\/api\/contract(?:-[a-z]+)?\.ts$/;

/** Modules of Node that a room may use; rooms not named may use all. */
const NODE_MODULES: { readonly [room: string]: readonly string[] } = {
  'controller/core': ['crypto'],
  panel: [],
};
/** The recorder stays small: none of these ever. */
const NEVER_IN_RECORDER = ['http', 'https', 'http2', 'dgram', 'tls', 'dns', 'worker_threads', 'cluster'];

/** Where each package of package.json is imported. Tools are called by name and imported nowhere. */
const LIBRARIES: { readonly [name: string]: readonly string[] | 'tool' } = {
  '@asteasolutions/zod-to-openapi': ['controller/api'],
  '@aws-sdk/client-s3': ['controller/central'],
  '@aws-sdk/s3-request-presigner': ['controller/central'],
  '@preact/signals': ['panel'],
  aedes: ['controller/central'],
  argon2: ['controller/api'],
  'better-sqlite3': ['controller/ledger'],
  express: ['controller/api'],
  // Both ends of ONVIF, which must not know each other.
  'fast-xml-parser': ['devices/onvif', 'devices/virtual'],
  helmet: ['controller/api'],
  'hls.js': ['panel'],
  mqtt: ['controller/central', 'controller/forward', 'devices/indicator'],
  onvif: ['devices/onvif'],
  pino: ['controller/commands'],
  preact: ['panel'],
  'socket.io': ['controller/api'],
  'socket.io-client': ['panel'],
  yaml: ['controller/config'],
  zod: ['controller/api', 'controller/config'],
  'mqtt-packet': ['test'],
  'playwright-core': ['test'],
  s3rver: ['test'],
  vite: ['panel'],
  vitest: ['test'],
  '@biomejs/biome': 'tool',
  '@types/better-sqlite3': 'tool',
  '@types/express': 'tool',
  '@types/node': 'tool',
  typescript: 'tool',
};

/** Calls that are not made, what is used instead, and the paths where the rule does not hold. */
const BANNED: readonly { readonly call: RegExp; readonly instead: string; readonly except: readonly string[] }[] = [
  {
    call: /\bDate\.now\(|\bnew Date\(\s*\)/,
    instead: 'the Clock that was given (core/time.ts)',
    except: ['controller/ledger/system-clock.ts', 'devices/', 'panel/', 'test/', 'controller/bootstrap.mjs'],
  },
  { call: /\bMath\.random\(/, instead: 'randomBytes of node:crypto', except: ['test/'] },
  {
    call: /\bprocess\.env\b/,
    instead: 'a parameter; the environment is read where the program is put together',
    except: ['controller/commands/', 'controller/main.ts', 'controller/bootstrap.mjs', 'test/'],
  },
  {
    call: /\bprocess\.exit\(/,
    instead: 'process.exitCode and an orderly close',
    except: ['controller/commands/', 'controller/main.ts', 'test/'],
  },
  {
    call: /\bconsole\./,
    instead: 'the Log that was given (core/ports.ts)',
    except: ['controller/commands/', 'controller/main.ts', 'controller/bootstrap.mjs', 'test/'],
  },
  { call: /\beval\(|\bnew Function\(/, instead: 'code', except: [] },
  { call: /\bexecSync\(|\bexec\(\s*[`'"]/, instead: 'execFile or spawn with a list of arguments', except: [] },
  { call: /\bshell:\s*true\b/, instead: 'spawn with a list of arguments', except: [] },
  { call: /(?:[:,|<]\s*|\bas\s+)any\b(?=\s*[[\]<>;,)=|&{}]|$)/m, instead: 'unknown, or the real type', except: [] },
  { call: /^export \* from\b/m, instead: 'an import from the file itself', except: [] },
  {
    call: /^export default\b/m,
    instead: 'a named export',
    except: [
      'test/vitest.config.ts',
      'test/build.setup.ts',
      'test/faults/vitest.config.ts',
      'test/faults/vitest.long.config.ts',
      'panel/vite.config.ts',
    ],
  },
];
/** In core there is no time and no process at all. */
const BANNED_IN_CORE = /\bset(?:Timeout|Interval|Immediate)\(|\bprocess\.|\bperformance\./;

/** Words that say nothing about what a file holds. */
const EMPTY_NAMES = /(?:^|[-.])(?:utils?|helpers?|managers?|common|misc|shared)(?:[-.]|$)/;

/** Where programs begin; every other source is reached from one of them. */
const ENTRIES = [
  ...[
    'controller/main.ts',
    'panel/main.tsx',
    'panel/centre/centre.tsx',
    'panel/hall/hall.ts',
    'panel/hall/hall-worker.ts',
  ],
  'panel/vite.config.ts',
];

const ERROR_TABLE_MARKER = '<!-- error table -->';

/** An import statement as code, its texts blanked. */
const IMPORT_STATEMENT = /^\s*import\b[^;]*;/gm;

const ROOT = new URL('..', import.meta.url).pathname;
const THIS_FILE = 'test/tidy.test.ts';

const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)));
const sources = tracked
  .filter((path) => /\.(ts|tsx|mjs)$/.test(path))
  .map((path) => {
    const text = read(path);
    return { path, room: roomOf(path), text, code: codeOf(text), imports: importsOf(text) };
  });

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function roomOf(path: string): string {
  const [top = '', second = '', ...rest] = path.split('/');
  return top === 'panel' || top === 'test' || rest.length === 0 ? top : `${top}/${second}`;
}

/** The file a relative import names, or null for a package. What the build will have made of a source is that source. */
function targetOf(path: string, from: string): string | null {
  if (!from.startsWith('.')) return null;
  const target = normalize(join(dirname(path), from));
  const source = target.replace(/\.js$/, '.ts');
  return existsSync(join(ROOT, source)) ? source : target;
}

function packageOf(from: string): string {
  return from.split('/', from.startsWith('@') ? 2 : 1).join('/');
}

describe('folders', () => {
  test('the top level is what it should be', () => {
    expect([...new Set(tracked.map((path) => path.split('/')[0]))].sort()).toEqual([...TOP_LEVEL].sort());
  });

  test('every room has its place in the table of directions', () => {
    const unknown = sources.filter(({ room }) => DIRECTIONS[room] === undefined).map(({ path }) => path);
    expect(unknown).toEqual([]);
  });

  test('file names say what the file holds', () => {
    expect(tracked.filter((path) => EMPTY_NAMES.test(path.split('/').at(-1) ?? ''))).toEqual([]);
  });
});

describe('imports', () => {
  test('go only the ways the table allows', () => {
    const faults = sources.flatMap(({ path, room, imports }) =>
      imports.flatMap(({ from, isTypeOnly, line }) => {
        const target = targetOf(path, from);
        if (target === null) return [];
        const to = roomOf(target);
        const allowed = DIRECTIONS[room] ?? [];
        if (to === room) return [];
        if (to === 'test') return [`${path}:${line} imports ${target}: nothing imports test`];
        if (room === 'panel') {
          return CONTRACT.test(target) && isTypeOnly
            ? []
            : [`${path}:${line} imports ${target}: panel imports types of the contract and nothing else`];
        }
        if (allowed === 'anything' || allowed.includes(to)) return [];
        return [`${path}:${line} imports ${to}: ${room} may import ${allowed.join(', ') || 'nothing'}`];
      }),
    );
    expect(faults).toEqual([]);
  });

  test('name files that are there, with their ending', () => {
    const faults = sources.flatMap(({ path, imports }) =>
      imports.flatMap(({ from, line }) => {
        const target = targetOf(path, from);
        if (target === null) return [];
        if (existsSync(join(ROOT, target)) && /\.[a-z]+$/.test(target)) return [];
        // What the build makes is there only after it.
        return target.startsWith('dist/') ? [] : [`${path}:${line} imports ${from}, which is not there`];
      }),
    );
    expect(faults).toEqual([]);
  });

  test('of Node stay within what the room may use', () => {
    const faults = sources.flatMap(({ path, room, imports }) =>
      imports.flatMap(({ from, line }) => {
        const isBare = builtinModules.includes(from) && !from.includes(':');
        if (isBare) return [`${path}:${line} imports ${from}: write node:${from}`];
        if (!from.startsWith('node:') || path === 'panel/vite.config.ts') return [];
        const name = from.slice('node:'.length).split('/')[0] ?? '';
        const allowed = NODE_MODULES[room];
        if (allowed !== undefined && !allowed.includes(name)) return [`${path}:${line} imports ${from} in ${room}`];
        if (room === 'controller/recorder' && NEVER_IN_RECORDER.includes(name)) {
          return [`${path}:${line} imports ${from}: the recorder knows no network but RTSP by ffmpeg`];
        }
        return [];
      }),
    );
    expect(faults).toEqual([]);
  });

  test('leave no source that nothing reaches', () => {
    const reached = new Set<string>();
    const reach = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const { from } of sources.find((source) => source.path === path)?.imports ?? []) {
        const target = targetOf(path, from);
        if (target !== null) reach(target);
      }
    };
    for (const entry of ENTRIES) reach(entry);
    const dead = sources
      .filter(
        ({ path, room }) => room !== 'test' && path.match(/\.tsx?$/) && !path.endsWith('.d.ts') && !reached.has(path),
      )
      .map(({ path }) => path);
    expect(dead).toEqual([]);
  });
});

describe('packages', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as {
    readonly dependencies: { readonly [name: string]: string };
    readonly devDependencies: { readonly [name: string]: string };
  };
  const declared = { ...dependencies, ...devDependencies };

  test('are those of the table, each pinned to one version', () => {
    expect(Object.keys(declared).sort()).toEqual(Object.keys(LIBRARIES).sort());
    expect(Object.entries(declared).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  test('are each imported in their own room, and nowhere else', () => {
    const used = new Map<string, Set<string>>();
    const faults: string[] = [];
    for (const { path, room, imports } of sources) {
      for (const { from, line } of imports) {
        if (from.startsWith('.') || from.startsWith('node:')) continue;
        const name = packageOf(from);
        const rooms = LIBRARIES[name];
        used.set(name, (used.get(name) ?? new Set()).add(room));
        // Tests may read with the same library what the program wrote.
        if (rooms === undefined) faults.push(`${path}:${line} imports ${name}, which package.json does not name`);
        else if (rooms !== 'tool' && !rooms.includes(room) && room !== 'test') {
          faults.push(`${path}:${line} imports ${name}, which lives in ${rooms.join(' and ')}`);
        }
      }
    }
    for (const [name, rooms] of Object.entries(LIBRARIES)) {
      if (rooms === 'tool') continue;
      const missing = rooms.filter((room) => used.get(name)?.has(room) !== true);
      if (missing.length > 0)
        faults.push(`${name} is not imported in ${missing.join(', ')}: take it out of package.json`);
    }
    expect(faults).toEqual([]);
  });

  test('come with a lock file that names no registry', () => {
    const lock = read('package-lock.json');
    const packages = Object.values((JSON.parse(lock) as { readonly packages: object }).packages);
    expect(packages.filter((one: { readonly resolved?: string }) => one.resolved !== undefined)).toEqual([]);
  });
});

describe('calls', () => {
  test('that have a better replacement are not made', () => {
    const faults = sources.flatMap(({ path, code }) =>
      BANNED.flatMap(({ call, instead, except }) => {
        if (except.some((allowed) => path === allowed || (allowed.endsWith('/') && path.startsWith(allowed))))
          return [];
        const found = call.exec(code);
        return found === null ? [] : [`${path}:${lineAt(code, found.index)} ${found[0].trim()}: use ${instead}`];
      }),
    );
    expect(faults).toEqual([]);
  });

  test('of clocks and processes are not made in core', () => {
    const faults = sources.flatMap(({ path, room, code }) => {
      const found = room === 'controller/core' ? BANNED_IN_CORE.exec(code) : null;
      return found === null ? [] : [`${path}:${lineAt(code, found.index)} ${found[0]}: core is given its time`];
    });
    expect(faults).toEqual([]);
  });

  test('of the compiler to look away are not made', () => {
    const off = new RegExp(`@ts-${'(?:ignore|nocheck|expect-error)'}`);
    expect(sources.filter(({ text, path }) => path !== THIS_FILE && off.test(text)).map(({ path }) => path)).toEqual(
      [],
    );
  });
});

describe('texts', () => {
  test('mention no place outside the project and no package registry', () => {
    const places = [
      /(?<![\w.@-])\/(?:work|tmp|root|home)\/[\w.]/,
      /\.\.\/shared\b/,
      /\/\/registry\.|\bregistry\.(?:npm|yarn)|\bnpmjs\.|\bnpmmirror|\bpypi\./,
    ];
    const faults = tracked
      .filter((path) => path !== THIS_FILE && path !== 'LICENSE' && !/\.(png|jpg|ico|woff2?|mp4)$/.test(path))
      .flatMap((path) => {
        const text = read(path);
        return places.flatMap((place) => {
          const found = place.exec(text);
          return found === null ? [] : [`${path}:${lineAt(text, found.index)} mentions ${found[0]}`];
        });
      });
    expect(faults).toEqual([]);
  });

  test('open each source with a sentence on its job', () => {
    const silent = sources.filter(({ room, code, text }) => {
      const begins = text.search(/\/\*|\/\/ /);
      // Imports may come first; nothing else may.
      const before = begins < 0 ? code : code.slice(0, begins);
      return room !== 'test' && before.replace(/^#!.*/, '').replace(IMPORT_STATEMENT, '').trim() !== '';
    });
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test('of errors in the README are those of the catalogue', () => {
    const rows = Object.entries(CATALOGUE).map(([code, { kind, hint }]) => `| \`${code}\` | ${kind} | ${hint} |`);
    const table = ['| code | kind | what to do |', '|---|---|---|', ...rows].join('\n');
    const [, after] = read('README.md').split(ERROR_TABLE_MARKER);
    expect(after?.trim().split(/\n\s*\n/)[0], `below ${ERROR_TABLE_MARKER} there has to be:\n${table}\n`).toBe(table);
  });

  test('of the sample configuration load', () => {
    const folder = mkdtempSync(join(tmpdir(), 'quancheng-sample-'));
    cpSync(join(ROOT, 'controller/config/sample.yaml'), join(folder, 'site.yaml'));
    cpSync(join(ROOT, 'controller/config/sample.secrets.yaml'), join(folder, 'secrets.yaml'));
    chmodSync(join(folder, 'secrets.yaml'), 0o600);
    writeFileSync(join(folder, 'centre-receipts.pem'), '');
    expect(loadConfig(join(folder, 'site.yaml')).rooms).not.toHaveLength(0);
    rmSync(folder, { recursive: true });
  });
});

describe('the reading of sources', () => {
  test('finds every kind of import and none in comments or texts', () => {
    const source = `#!/usr/bin/env node
// import { a } from 'comment';
/* import { b } from 'block'; */
import { c,
  d } from 'one';
import type { E } from "two";
export { f } from './three.ts';
import './four.css';
const g = await import('five');
new URL('./six.ts', import.meta.url);
const h = "import { i } from 'text'"; const j = \`import x from 'template' \${k('import y from "inner"')}\`;
const l = /import z from 'pattern'/; const m = 4 / 2; const n = 'x'; // '`;
    const found = importsOf(source);
    expect(found.map(({ from }) => from).sort()).toEqual([
      './four.css',
      './six.ts',
      './three.ts',
      'five',
      'one',
      'two',
    ]);
    expect(found.filter(({ isTypeOnly }) => isTypeOnly).map(({ from }) => from)).toEqual(['two']);
    expect(found.find(({ from }) => from === 'one')?.line).toBe(5);
  });

  test('sees code within templates and blanks texts and patterns', () => {
    const source = ["a('b');", '`c ${', 'd({ e: `f` })', '} g`;', "/h'/.test(i); // j"].join(' ');
    expect(codeOf(source)).toHaveLength(source.length);
    expect(codeOf(source).replace(/ +/g, ' ')).toBe('a( ); d({ e: }) ; .test(i); ');
    expect(withoutComments("a // b\n/* c\nd */'e'")).toBe("a     \n    \n    'e'");
  });
});
