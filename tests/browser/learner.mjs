// A learner's way through the course, in JupyterLab and a real browser.
//
//     node learner.mjs ADDRESS CHROMIUM PICTURES
//
// Each step prints a line "ok: ..."; what fails is an error with a sentence. PICTURES is a folder
// for screenshots. Without a server of its own: test_browser.py starts one, and when it reads the
// line "restart the server", it ends that one, starts another, and writes a line back.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const [address, executablePath, pictures] = process.argv.slice(2);
const axeScript = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const EXERCISE = 'pairwise_differences';
const STUB = body => `@exercise\ndef ${EXERCISE}(x, y):\n    return ${body}`;
const WRONG = STUB('x[:, None] - y[None, :]');
const RIGHT = STUB('y[None, :] - x[:, None]');
const OURS = ['.course-page', '.jp-NotebookPanel .jp-MarkdownOutput', '.jp-NotebookPanel .jp-OutputArea-output'];
const WIDTHS = [700, 1280, 1920];
const RESTART = 'restart the server';

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
const requests = [];
page.on('request', request => requests.push(request.url()));
const ok = (step, more = '') => console.log(`ok: ${step}`, more);
const picture = name => page.screenshot({ path: `${pictures}/${name}.png` });

// What JupyterLab offers to scripts, by --LabApp.expose_app_in_browser.
const command = (name, args = {}) =>
  page.evaluate(([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => null), [name, args]);
const panel = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden)');
const cell = name => panel.locator('.jp-CodeCell', { hasText: `def ${name}(` }).first();
const card = text => panel.locator('[role=status]', { hasText: text });

async function look(where) {
  // What axe finds in what the course puts on the page.
  if (!(await page.evaluate(() => 'axe' in window))) await page.addScriptTag({ path: axeScript });
  const found = await page.evaluate(async include => {
    const shown = include.filter(each => document.querySelector(each));
    const { violations, passes } = await window.axe.run({ include: shown.map(each => [each]) });
    const named = violations.flatMap(({ id, nodes }) => nodes.map(({ html, any }) => ({ id, html, why: any[0]?.message })));
    return { named, checked: passes.length };
  }, OURS);
  assert.deepEqual(found.named, [], `axe, ${where}`);
  assert(found.checked > 3, `axe has seen nothing, ${where}`);
}

async function cutOff(selector) {
  // Which of these elements have text that is wider than they are, and cannot be scrolled to.
  return page.evaluate(selector => {
    const width = each => each.clientWidth + 1;
    return [...document.querySelectorAll(selector)]
      .filter(each => each.checkVisibility() && each.scrollWidth > width(each))
      .filter(each => !['auto', 'scroll'].includes(getComputedStyle(each).overflowX))
      .map(each => each.className + ': ' + each.textContent.slice(0, 60));
  }, selector);
}

// What the cells say, those out of sight, too.
const sources = () =>
  page.evaluate(() => [...window.jupyterapp.shell.currentWidget.content.model.cells].map(each => each.sharedModel.getSource()));

async function restartServer() {
  console.log(RESTART);
  await new Promise(resolve => process.stdin.once('data', resolve));
}

const putStartPage = mode =>
  page.evaluate(mode => {
    const { shell } = window.jupyterapp;
    const start = [...shell.widgets('main')].find(each => each.id === 'learning-to-count');
    shell.add(start, 'main', { mode, ref: shell.currentWidget.id, activate: false });
  }, mode);

async function idle() {
  await page.waitForFunction(() => {
    const current = window.jupyterapp.shell.currentWidget;
    const session = current?.context?.sessionContext?.session;
    const waits = [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-InputPrompt')];
    return session?.kernel?.status === 'idle' && !waits.some(each => each.textContent.includes('*'));
  }, null, { timeout: 90_000 });
}

async function run(target, text) {
  await target.locator('.cm-content').click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
  await page.keyboard.press('Shift+Enter');
}

async function runNew(after, text) {
  await after.locator('.jp-InputPrompt').click();
  await page.keyboard.press('b');
  await page.keyboard.press('Enter');
  await page.keyboard.insertText(text);
  await page.keyboard.press('Control+Enter');
}

try {
  await page.goto(address);
  await page.waitForSelector('.course-lesson');
  const lessons = await page.locator('.course-lesson').count();
  assert(lessons > 5, `${lessons} lessons`);
  await look('start page, light');
  ok('the start page shows the lessons', lessons);

  await page.locator('.course-continue a').focus();
  await page.keyboard.press('Enter');
  await panel.waitFor();
  await page.waitForFunction(() => window.jupyterapp.shell.currentWidget?.context?.path === '00_start_here.ipynb');
  await idle();
  ok('its first link opens a lesson by keyboard');

  await command('notebook:run-all-cells');
  await card('not written yet').waitFor({ timeout: 90_000 });
  await card('hint 1 of').waitFor({ timeout: 90_000 });
  await idle();
  assert.equal(await panel.locator('[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]').count(), 0);
  ok('Run All reaches the end unsolved');

  await look('a lesson, light');
  const alts = await panel.locator('.jp-OutputArea-output img').evaluateAll(all => all.map(each => each.alt));
  assert(alts.length >= 2 && alts.every(alt => alt.length > 20), `alternative texts: ${alts}`);
  ok('every figure has its alternative text', alts.length);

  await run(cell(EXERCISE), WRONG);
  await card('not yet').waitFor();
  ok('an exercise typed wrong says what is wrong:', (await card('not yet').innerText()).split('\n').slice(1, 3).join(' '));

  await runNew(cell(EXERCISE), 'hint()');
  await card('hint 2 of').waitFor();
  await runNew(cell(EXERCISE), 'solution()');
  const answer = card("the course's answer");
  await answer.waitFor();
  assert.match(await answer.innerText(), /return y\[None, :\] - x\[:, None\]/);
  assert.doesNotMatch(await answer.innerText(), /returns|>>>/);
  ok('hint() and solution() mean the exercise tried last');

  // The start page beside the lesson, both visible; nothing is saved from here on.
  await putStartPage('split-right');
  await run(cell(EXERCISE), RIGHT);
  await card(`${EXERCISE}: right`).waitFor();
  const since = Date.now();
  await page.locator(`#course-${EXERCISE}`, { hasText: '✓' }).waitFor({ timeout: 3_000 });
  const unsaved = await page.evaluate(() => window.jupyterapp.shell.currentWidget.context.model.dirty);
  assert(unsaved, 'the lesson is not saved');
  ok('typed right, it is ticked on the start page, unsaved; milliseconds:', Date.now() - since);
  await look('a lesson beside the start page');
  await picture('beside');

  await putStartPage('tab-after');
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    await page.waitForTimeout(400);
    const readable = '.course-page :not(.course-said), .jp-MarkdownOutput > *, .jp-OutputArea-output *, .jp-InputArea .cm-line';
    assert.deepEqual(await cutOff(readable), [], `cut off at ${width}`);
    await picture(`lesson-${width}`);
  }
  const widest = await panel.locator('.jp-MarkdownOutput > p').evaluateAll(all =>
    Math.max(...all.map(each => each.getBoundingClientRect().width / parseFloat(getComputedStyle(each).fontSize))));
  assert(widest < 50, `prose is ${widest} em wide, on a wide screen`);
  await page.setViewportSize({ width: 1280, height: 900 });
  ok('nothing is cut off at', WIDTHS.join(', '));

  await command('apputils:change-theme', { theme: 'JupyterLab Dark' });
  await page.waitForFunction(() => document.body.dataset.jpThemeLight === 'false');
  await page.waitForTimeout(800);
  await look('both, dark');
  await panel.locator('.classroom-figure').last().scrollIntoViewIfNeeded();
  await picture('dark');
  ok('axe finds nothing, light or dark');

  await command('docmanager:save');
  await page.waitForTimeout(2_000);                    // JupyterLab notes which lesson it was
  await page.goto('about:blank');
  await restartServer();
  await page.goto(new URL(address).origin + '/?token=here');   // what `make lab` opens
  await page.waitForFunction(() => window.jupyterapp?.commands.hasCommand('learning-to-count:open'));
  await page.waitForFunction(() => window.jupyterapp.shell.currentWidget?.context?.path === '00_start_here.ipynb');
  await idle();                                        // the lesson you were in has been opened
  assert((await sources()).includes(RIGHT), 'the lesson has the answer');
  await command('learning-to-count:open');
  await page.locator(`#course-${EXERCISE}`, { hasText: '✓' }).waitFor({ timeout: 60_000 });
  ok('after a restart of the server the answer is still there, and ticked');

  await page.locator('#course-sinusoidal_encoding').click();
  await page.waitForFunction(() => window.jupyterapp.shell.currentWidget?.context?.path.startsWith('04_'));
  await idle();
  await page.waitForFunction(() => {
    const cells = [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell')];
    const exercise = cells.find(each => each.textContent.includes('def sinusoidal_encoding('));
    const top = exercise?.getBoundingClientRect().top;
    return top > 0 && top < window.innerHeight;
  });
  ok('an exercise on the start page is a link to its cell');

  await panel.locator('.jp-CodeCell .cm-content').first().click();
  await page.keyboard.press('Shift+Enter');
  await card('This lesson builds on 1 of your answers').waitFor({ timeout: 60_000 });
  await look('a later lesson, dark');
  await picture('later');
  ok('a later lesson builds on it');

  const first = panel.locator('.jp-CodeCell', { hasText: 'slider.show(' }).first();
  await first.locator('.jp-InputPrompt').click();
  await command('notebook:run-all-above');
  await command('notebook:run-cell');
  const slider = panel.locator('[data-slider] input[type=range]').first();
  await slider.waitFor({ timeout: 90_000 });
  await idle();
  const says = () => slider.getAttribute('aria-valuetext');
  const drawn = () => panel.locator('[data-slider] [data-marks="0"]').first().innerHTML();
  const active = () => page.evaluate(() => window.jupyterapp.shell.currentWidget.content.activeCellIndex);
  const before = { says: await says(), drawn: await drawn(), active: await active() };
  assert.match(before.says, /^position 0, /);
  await slider.focus();
  for (let n = 0; n < 3; n++) await page.keyboard.press('ArrowRight');
  assert.match(await says(), /^position 3, /);
  assert.equal(await slider.locator('xpath=following-sibling::output').innerText(), '3');
  assert.notEqual(await drawn(), before.drawn, 'the drawing follows');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowDown');
  assert.match(await says(), /^position 1, /);
  await page.keyboard.press('Home');
  assert.deepEqual({ says: await says(), drawn: await drawn(), active: await active() }, before);
  assert(await slider.evaluate(each => each === document.activeElement), 'the slider keeps the focus');
  await look('a slider, dark');
  await picture('slider');
  ok('a slider moves by keyboard, and JupyterLab leaves it its keys');

  const outside = requests.filter(each => /^https?:/.test(each) && !each.startsWith(new URL(address).origin));
  assert.deepEqual(outside, [], 'requests to elsewhere');
  ok('no request has left the machine', requests.length);
} catch (error) {
  await picture('failed');
  console.log(`failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  process.stdin.destroy();
  await browser.close();
}
