/** Each thing a recording needs is judged by itself: well, doubtful or broken, with what to do about it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { AppError, type ErrorCode } from '../../controller/core/errors.ts';
import type { Camera } from '../../controller/core/ports.ts';
import { type Checks, examine, exitCodeOf, type Finding, renderFindings } from '../../controller/site/doctor.ts';
import { HEBEI } from './rules.ts';

const GIGABYTE = 1_000_000_000;
const SOURCE = { url: 'rtsp://192.168.1.21:554/live', transport: 'auto', audio: 'auto' } as const;

async function realFfmpeg(args: readonly string[]): Promise<string> {
  return (await promisify(execFile)('ffmpeg', [...args])).stdout;
}

function camera(more: Partial<Camera> = {}, clockOffsetMs: number | null = 300): Camera {
  const said = { manufacturer: 'Maker', model: 'M1', firmware: '5.10', serial: '007' };
  return {
    identify: async () => ({ ...said, clockOffsetMs }),
    profiles: async () => [],
    source: async () => SOURCE,
    ...more,
  };
}

/** A site where all is well, with what a test changes. */
function checks(more: Partial<Checks> = {}): Checks {
  return {
    ffmpeg: realFfmpeg,
    disk: async () => ({ freeBytes: 400 * GIGABYTE, totalBytes: 500 * GIGABYTE, syncMs: [4, 9, 5] }),
    clock: async () => ({ source: 'ntp' }),
    rules: { rules: HEBEI, nowMs: Date.parse('2026-06-01T00:00:00Z') },
    devices: [
      { id: 'panorama', camera: camera(), url: null },
      { id: 'microphone', camera: null, url: 'rtsp://192.168.1.31:554/audio' },
    ],
    rtsp: async () => undefined,
    broker: async () => undefined,
    recorder: async () => '0.1.0',
    ...more,
  };
}

const refuse = (code: ErrorCode) => async (): Promise<never> => {
  throw new AppError(code, `it says ${code}`);
};

/** What is not well, as `level subject code`. */
async function troubles(more: Partial<Checks>): Promise<string[]> {
  const findings = await examine(checks(more));
  for (const { level, hint } of findings) expect(hint === null).toBe(level === 'ok');
  return findings
    .filter(({ level }) => level !== 'ok')
    .map(({ level, subject, code }) => `${level} ${subject} ${code}`);
}

describe('a site where all is well', () => {
  test('has a finding for everything and exit code 0', async () => {
    const findings = await examine(checks());
    expect(findings.map(({ level, subject }) => `${level} ${subject}`)).toEqual([
      'ok ffmpeg',
      'ok disk',
      'ok disk',
      'ok clock',
      'ok rules',
      'ok recorder',
      'ok broker',
      'ok panorama',
      'ok panorama',
      'ok microphone',
    ]);
    expect(exitCodeOf(findings)).toBe(0);
    expect(findings[7]?.message).toBe('is Maker M1, firmware 5.10, serial number 007');
  });

  test('says by which rule recordings are deleted, or why none is', async () => {
    const said = async (keepDays: number | null, hasCentre: boolean, source: 'ntp' | 'free' = 'ntp') => {
      const findings = await examine(checks({ keeping: { keepDays, hasCentre }, clock: async () => ({ source }) }));
      const { level, message } = findings.find(({ subject }) => subject === 'keeping') ?? {};
      return `${level} ${message}`;
    };
    expect(await said(null, true)).toMatch(/^ok nothing is ever deleted/);
    expect(await said(30, true)).toMatch(/^ok .*30 days after its hand-over/);
    expect(await said(30, false)).toMatch(/^warning .*without a centre/);
    expect(await said(30, true, 'free')).toMatch(/^warning .*clock/);
  });

  test('is not asked about what it does not have', async () => {
    const findings = await examine(checks({ broker: null, recorder: null, devices: [] }));
    expect(findings.map(({ subject }) => subject)).toEqual(['ffmpeg', 'disk', 'disk', 'clock', 'rules']);
  });
});

test('a notice that nobody can speak is doubtful and no fault', async () => {
  expect(await troubles({ speech: refuse('speech-missing') })).toEqual(['warning speech speech-missing']);
  const findings = await examine(checks({ speech: async () => 'notices can be spoken: recording synthesised' }));
  expect(findings.find(({ subject }) => subject === 'speech')).toMatchObject({ level: 'ok' });
});

describe('the machine', () => {
  test('lacks ffmpeg', async () => {
    expect(await troubles({ ffmpeg: refuse('ffmpeg-missing') })).toEqual(['fault ffmpeg ffmpeg-missing']);
  });

  test('has an ffmpeg that was built without something needed', async () => {
    const without = async (args: readonly string[]) =>
      (await realFfmpeg(args)).replace(/^ [DE .]+(?:rtsp|mp4) .*$/gm, '');
    const [finding] = await examine(checks({ ffmpeg: without }));
    expect(finding).toMatchObject({
      level: 'fault',
      message: expect.stringMatching(/^cannot do what is needed: reading rtsp, writing mp4 \(version \S+\)$/),
    });
  });

  test.each([
    [1, [5], ['fault disk disk-full']],
    [50, [5], ['warning disk disk-full']],
    [400, [5, 350, 5], ['warning disk disk-slow']],
    [400, [5, 1_500], ['fault disk disk-slow']],
  ])('has a disk with %d GB free and syncs of %j ms', async (free, syncMs, expected) => {
    const disk = async () => ({ freeBytes: free * GIGABYTE, totalBytes: 500 * GIGABYTE, syncMs });
    expect(await troubles({ disk })).toEqual(expected);
  });

  const facts = { freeBytes: 400 * GIGABYTE, totalBytes: 500 * GIGABYTE, syncMs: [4] };

  test('has two disks: each is told by its volume, and a second one that is no second one', async () => {
    const findings = await examine(
      checks({
        disk: async () => ({ ...facts, volume: 'A' }),
        mirror: async () => ({ ...facts, volume: 'B' }),
        pair: async () => ({ areOne: true, seen: [] }),
      }),
    );
    const said = findings
      .filter(({ subject }) => subject.endsWith('disk'))
      .map(({ subject, message }) => `${subject} ${message}`);
    expect(said).toContain('disk is volume A');
    expect(said).toContain('second disk is volume B');
    expect(said).toContain('second disk lies on the same disk as the main one');
    expect(said).toContain('second disk is not used by the running recorder');
  });

  test('has two disks, as the recorder sees them', async () => {
    const at = { wallMs: 0, monoMs: 0, boot: 'boot' };
    const disk = (role: 'main' | 'mirror', more: object) => ({
      ...({ disk: role, volume: null, state: 'well', since: at, cause: null, freeBytes: 1, totalBytes: 1 } as const),
      ...{ lackingSegments: 0, lackingBytes: 0 },
      ...more,
    });
    const cause = { code: 'disk-failed', detail: 'EIO' } as const;
    const seen = [disk('main', { lackingSegments: 3, lackingBytes: 1 }), disk('mirror', { state: 'away', cause })];
    const mirror = async () => facts;
    expect(await troubles({ mirror, pair: async () => ({ areOne: false, seen }) })).toEqual([
      'warning disk null',
      'fault second disk second-disk-away',
    ]);
    expect(await troubles({ mirror: refuse('wrong-disk') })).toEqual(['fault second disk wrong-disk']);
  });

  test('cannot write its data', async () => {
    expect(await troubles({ disk: refuse('data-not-writable') })).toEqual(['fault disk data-not-writable']);
  });

  test.each(['free', 'unknown'] as const)('has a clock that is %s', async (source) => {
    expect(await troubles({ clock: async () => ({ source }) })).toEqual(['warning clock null']);
  });

  test('follows rules that are not in order, which is never more than a warning', async () => {
    const refused = [
      { path: '/etc/quancheng/rules/ours.yaml', faults: [{ field: 'kinds[0].zh', message: 'is missing' }] },
    ];
    const findings = await examine(
      checks({ rules: { rules: { ...HEBEI, refused }, nowMs: Date.parse('2026-11-21T00:00:00Z') } }),
    );
    expect(findings.filter(({ subject }) => subject === 'rules').map(({ level, message }) => [level, message])).toEqual(
      [
        ['warning', '/etc/quancheng/rules/ours.yaml is not used: kinds[0].zh is missing'],
        ['warning', expect.stringMatching(/^the working days of 2027 are not known/)],
      ],
    );
    const early = { rules: HEBEI, nowMs: Date.parse('2017-06-30T15:59:59Z') };
    expect((await examine(checks({ rules: early }))).find(({ message }) => message.includes('in force'))?.message).toBe(
      'the rule set is in force from 2017-07-01, which is not today',
    );
    expect(exitCodeOf(findings)).toBe(0);
  });

  test('has no recorder running and no way to the broker', async () => {
    const away = { recorder: refuse('recorder-away'), broker: refuse('broker-away') };
    expect(await troubles(away)).toEqual(['fault recorder recorder-away', 'fault broker broker-away']);
  });
});

describe('a device', () => {
  const one = (more: Camera) => ({ devices: [{ id: 'panorama', camera: more, url: null }] });

  test('that refuses the login is not asked again', async () => {
    let asked = 0;
    const source = async () => {
      asked += 1;
      return SOURCE;
    };
    const refusing = camera({ identify: refuse('camera-refused-login'), source });
    expect(await troubles(one(refusing))).toEqual(['fault panorama camera-refused-login']);
    expect(asked).toBe(0);
  });

  test.each([
    [18_000_000, 'its clock is 18000 s ahead'],
    [-3_000, 'its clock is 3 s behind'],
  ])('with a clock off by %d ms works, with a warning', async (offsetMs, message) => {
    const findings = await examine(checks(one(camera({}, offsetMs))));
    expect(findings.find(({ level }) => level === 'warning')).toMatchObject({ message, code: 'camera-clock-wrong' });
    expect(exitCodeOf(findings)).toBe(0);
  });

  test('without a stream is still known by name', async () => {
    const findings = await examine(checks(one(camera({ source: refuse('camera-no-stream') }))));
    const said = findings.filter(({ subject }) => subject === 'panorama');
    expect(said.map(({ level }) => level)).toEqual(['ok', 'fault']);
  });

  test('whose stream nobody serves is a fault, by ONVIF or by hand', async () => {
    expect(await troubles({ rtsp: refuse('camera-unreachable') })).toEqual([
      'fault panorama camera-unreachable',
      'fault microphone camera-unreachable',
    ]);
  });

  test('is knocked at where it streams, by its own id', async () => {
    const knocked: string[] = [];
    const rtsp = async (url: string, device: string) => {
      knocked.push(`${device} ${url}`);
    };
    await examine(checks({ rtsp }));
    expect(knocked.sort()).toEqual([`microphone rtsp://192.168.1.31:554/audio`, `panorama ${SOURCE.url}`]);
  });

  test('is asked for the profile that is configured', async () => {
    const asked: (string | undefined)[] = [];
    const asking = camera({
      source: async (profile) => {
        asked.push(profile);
        return SOURCE;
      },
    });
    await examine(checks({ devices: [{ id: 'a', camera: asking, url: null, profile: 'sub' }] }));
    expect(asked).toEqual(['sub']);
  });

  test('whose adapter breaks takes nothing else along', async () => {
    const broken = camera({
      identify: () => {
        throw new TypeError('undefined is not a function');
      },
    });
    expect(await troubles(one(broken))).toEqual(['fault panorama internal']);
  });
});

test('for people each finding is a line, with what to do below it and a count at the end', () => {
  const findings: Finding[] = [
    { level: 'ok', subject: 'clock', message: 'is kept by NTP', hint: null, code: null },
    { level: 'fault', subject: 'panorama', message: 'is away', hint: 'Look.', code: 'camera-unreachable' },
  ];
  expect(renderFindings(findings)).toBe(
    [
      'ok       clock     is kept by NTP',
      'fault    panorama  is away',
      '                   → Look. [camera-unreachable]',
      '',
      '1 fault, 0 warnings',
      '',
    ].join('\n'),
  );
  expect(exitCodeOf(findings)).toBe(1);
});
