import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { cleanUp, eventually, ROOT, TestDaemon } from './support/daemon';

const CHROMIUM = process.env['PROBED_CHROMIUM'] ?? '/usr/bin/chromium';
const hasChromium = existsSync(CHROMIUM);
const LOOK_MS = 15_000;

if (!hasChromium) console.log(`skipped: no Chromium at ${CHROMIUM}; name one in PROBED_CHROMIUM`);

/** A tab, with what it must not do. */
interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Requests to another origin than the daemon's, complaints of the console, exceptions. */
  readonly faults: string[];
}

(hasChromium ? describe : describe.skip)('the dashboard', () => {
  let daemon: TestDaemon;
  let browser: Browser;
  const tabs: Tab[] = [];

  beforeAll(async () => {
    daemon = await TestDaemon.start({ args: ['--demo'] });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  }, 120_000);

  afterEach(async () => {
    const open = tabs.splice(0);
    await Promise.all(open.map(({ context }) => context.close()));
    expect(open.flatMap(({ faults }) => faults)).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await cleanUp();
  });

  async function openTab(hash: string, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1_400, height: 850 } });
    const page = await context.newPage();
    page.setDefaultTimeout(LOOK_MS);
    const faults: string[] = [];
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== daemon.url) faults.push(`request to ${request.url()}`);
    });
    page.on('console', (message) => {
      // A kernel that is busy or restarts can't answer: no fault of the page, which asks again.
      const busy = message.text().includes('status of 503');
      if (['error', 'warning'].includes(message.type()) && !busy) faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(String(error)));
    tabs.push({ page, context, faults });
    await page.goto(`${daemon.url}/${hash}`);
    return page;
  }

  /** Opens the link that the daemon prints, then a view. */
  async function signedIn(view: string, colorScheme?: 'light' | 'dark'): Promise<Page> {
    const page = await openTab(`#token=${daemon.token}`, colorScheme);
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click();
    await page.getByRole('link', { name: view }).and(page.locator('[aria-current=page]')).waitFor();
    return page;
  }

  /** Takes back what the console says of each answer of 4xx, where it is meant. @returns how many there were */
  function forgiveAnswers(page: Page, status: number): number {
    const { faults } = tabs.find((tab) => tab.page === page)!;
    const meant = faults.filter((fault) => fault.includes(`status of ${status}`));
    for (const fault of meant) faults.splice(faults.indexOf(fault), 1);
    return meant.length;
  }

  test('the link with the token signs in, and the token leaves the address', async () => {
    const page = await openTab(`#token=${daemon.token}`);
    await page.getByRole('heading', { name: 'Live records' }).waitFor({ state: 'attached' });
    expect(page.url()).toBe(`${daemon.url}/#/live`);
    await page.reload();
    await page.getByRole('heading', { name: 'Live records' }).waitFor({ state: 'attached' });
  });

  test('without a token there is a form; a wrong token is refused, the right one signs in', async () => {
    const page = await openTab('');
    await page.getByLabel('Token').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('not the admin token').waitFor();
    expect(forgiveAnswers(page, 401)).toBe(1);
    await page.getByLabel('Token').fill(daemon.token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('tbody tr.row').first().waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Token').waitFor();
  });

  test("the demo's exec session appears, with the commands that ran in it", async () => {
    const page = await signedIn('Exec sessions');
    const session = await eventually(async () => (await daemon.get('listExecSessions')).sessions[0], LOOK_MS);
    const item = page.locator(`a[href="#/sessions/${session.id}"]`);
    await item.getByText(session.pod).waitFor();
    await item.click();
    const detail = page.getByRole('article', { name: `Session ${session.id}` });
    await detail.getByText(`by ${session.user}`).waitFor();
    const command = await eventually(async () => {
      const { command_list } = await daemon.get('getExecSession', { params: { id: session.id } });
      return command_list.find(
        ({ kind, ppid, exit_code }) => kind === 'exec' && ppid === session.pid && exit_code === 0,
      );
    }, LOOK_MS);
    const row = detail
      .getByRole('row')
      .filter({ hasText: String(command.pid) })
      .first();
    await row.getByText(command.argv[0], { exact: true }).waitFor();
    expect((await row.getByRole('cell').nth(2).textContent())?.trim()).toBe(String(command.pid));
    await row.getByTitle('exit code 0').waitFor();
  });

  test('live records arrive, pause holds them, a program has its members as columns', async () => {
    const page = await signedIn('Live');
    const rows = page.locator('tbody tr.row');
    await rows.first().waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    const waiting = page.getByText(/\d new records/);
    await waiting.waitFor();
    const [top, count] = [await rows.first().textContent(), await waiting.textContent()];
    await eventually(async () => ((await waiting.textContent()) !== count ? true : undefined), LOOK_MS);
    expect(await rows.first().textContent()).toBe(top);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByLabel('Program').selectOption('opensnoop/exit_openat');
    await page.getByRole('columnheader', { name: 'fname' }).waitFor();
    expect(page.url()).toContain('program=opensnoop%2Fexit_openat');
    await rows.first().dispatchEvent('mousedown', { button: 0 });
    await page.getByRole('complementary', { name: 'Details of the record' }).getByText('"fname"').waitFor();
  });

  test('programs show where they hang; one is detached and attached again', async () => {
    const page = await signedIn('Programs');
    const card = page.getByRole('region', { name: 'Object tcpconnect' });
    await card.getByText('kprobe:tcp_v4_connect').waitFor();
    const program = (await daemon.get('listPrograms')).programs.find(
      ({ name }) => name === 'enter_tcp_connect',
    )!;
    await card.getByRole('button', { name: 'Detach from kprobe:tcp_v4_connect' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Detach' }).click();
    await card.getByRole('button', { name: 'Attach' }).waitFor();
    const linked = async () =>
      (await daemon.get('listLinks')).links.some(({ program_id }) => program_id === program.id);
    expect(await linked()).toBe(false);
    await card.getByRole('button', { name: 'Attach' }).click();
    await card.getByText('kprobe:tcp_v4_connect').waitFor();
    expect(await linked()).toBe(true);
    await card.getByRole('link', { name: 'enter_tcp_connect' }).click();
    await page.getByRole('button', { name: 'Instructions' }).click();
    await page.getByText('bpf_map_update_elem').first().waitFor();
  });

  test('an object that the verifier refuses is not loaded, and its log says why', async () => {
    const page = await signedIn('Programs');
    await page.getByRole('button', { name: 'Upload object' }).click();
    const dialog = page.getByRole('dialog');
    await dialog
      .getByLabel('Object file')
      .setInputFiles(join(ROOT, 'examples/rejected/missing_null_check.bpf.o'));
    await dialog.getByRole('button', { name: 'Load' }).click();
    await dialog.locator('.line-reason', { hasText: "R0 invalid mem access 'map_value_or_null'" }).waitFor();
    expect(forgiveAnswers(page, 422)).toBe(1);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    const names = (await daemon.get('listObjects')).objects.map(({ name }) => name);
    expect(names).not.toContain('missing_null_check');
  });

  test('an object that is accepted is loaded from the page and unloaded again', async () => {
    const page = await signedIn('Programs');
    await page.getByRole('button', { name: 'Upload object' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Object file').setInputFiles(join(ROOT, 'examples/profile/profile.bpf.o'));
    await dialog.getByLabel('Name').fill('from_page');
    await dialog.getByRole('checkbox').uncheck();
    await dialog.getByRole('button', { name: 'Load' }).click();
    const card = page.getByRole('region', { name: 'Object from_page' });
    await card.getByRole('button', { name: 'Unload from_page' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Unload' }).click();
    await card.waitFor({ state: 'detached' });
    const names = (await daemon.get('listObjects')).objects.map(({ name }) => name);
    expect(names).not.toContain('from_page');
  });

  test("a per-CPU map's contents are shown with their sums, and follow the kernel", async () => {
    const page = await signedIn('Maps');
    await page.getByRole('link', { name: /counts percpu_hash/ }).click();
    const map = page.getByRole('article', { name: 'Map counts' });
    await map.getByRole('columnheader', { name: 'CPU 0' }).waitFor();
    const numbers = async () => {
      const cells = await map.locator('tbody tr').first().getByRole('cell').allTextContents();
      return cells.slice(2, -1).map(Number);
    };
    const [sum, ...cpus] = await numbers();
    expect(sum).toBeGreaterThan(0);
    expect(cpus.reduce((a, b) => a + b)).toBe(sum);
    await eventually(async () => ((await numbers())[0] > sum ? true : undefined), LOOK_MS);
  });

  test.each(['light', 'dark'] as const)(
    'from the %s theme of the system it toggles to the other, for good',
    async (scheme) => {
      const page = await signedIn('Live', scheme);
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const [before, other] = [await ground(), scheme === 'light' ? 'dark' : 'light'];
      await page.getByRole('button', { name: `Use the ${other} theme` }).click();
      const after = await ground();
      expect(after).not.toBe(before);
      await page.reload();
      await page.getByRole('button', { name: `Use the ${scheme} theme` }).waitFor();
      expect(await ground()).toBe(after);
    },
  );

  test('a restart of the kernel is told, and records go on', async () => {
    const page = await signedIn('Live');
    await page.locator('tbody tr.row').first().waitFor();
    const before = (await daemon.get('health')).kernel.boot;
    await daemon.get('restartKernel', { body: { mode: 'restart' } });
    await page.getByText('The emulated kernel has booted anew').waitFor();
    const boot = await eventually(async () => {
      const { kernel } = await daemon.get('health');
      return kernel.state === 'running' && kernel.boot !== before ? kernel.boot : undefined;
    }, LOOK_MS);
    await page.getByRole('button', { name: 'Health of the daemon' }).getByText(boot.slice(0, 8)).waitFor();
    const details = page.getByRole('complementary', { name: 'Details of the record' });
    await eventually(async () => {
      await page.locator('tbody tr.row').first().dispatchEvent('mousedown', { button: 0 });
      return (await details.textContent())?.includes(boot) || undefined;
    }, LOOK_MS);
  });
});
