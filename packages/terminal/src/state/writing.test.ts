import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stage } from './stage.fixture.js';

test('a post is on the screen at once, and becomes the post of the timeline', () => {
  const stage = new Stage().live().past('ana: hello');
  stage.asked();
  stage.press('i').type('freezing one is scarier').press('enter');
  assert.deepEqual(stage.asked(), [{ kind: 'post', id: 1, text: 'freezing one is scarier' }]);
  assert.match(stage.screen, /@mira .*◌ sending/);
  stage.tell({ kind: 'posted', id: 1, position: 2 });
  assert.match(stage.screen, /@mira .*✓/);
  stage.posts('mira: freezing one is scarier');
  assert.equal(stage.screen.split('freezing one is scarier').length, 2, 'once');
  assert.match(stage.screen, /@mira .*✓/);
  stage.pass(6_000);
  assert.doesNotMatch(stage.screen, /✓/);
});

test('a post that the timeline brings before it is acknowledged is shown once', () => {
  const stage = new Stage().live().press('i').type('same').press('enter').type('same').press('enter');
  stage.posts('mira: same');
  assert.equal(stage.state.outbox.length, 1);
  stage.tell({ kind: 'posted', id: 1, position: 1 });
  assert.equal(stage.state.outbox.length, 1, 'the second is still on its way');
  stage.tell({ kind: 'posted', id: 2, position: 2 });
  stage.posts('mira: same');
  assert.equal(stage.state.outbox.length, 0);
  assert.equal(stage.state.posts.length, 2);
});

test('an unsent post stays, can be sent again, or taken back and edited', () => {
  const stage = new Stage().live().press('i').type('hello').press('enter', 'escape');
  stage.tell({ kind: 'post-failed', id: 1, reason: 'limit-reached', detail: 'too many' });
  assert.match(stage.screen, /✗ not sent/);
  stage.asked();
  stage.press('R');
  assert.deepEqual(stage.asked(), [{ kind: 'post', id: 1, text: 'hello' }]);
  assert.match(stage.screen, /◌ sending/);
  stage.tell({ kind: 'post-failed', id: 1, reason: 'limit-reached', detail: 'too many' });
  stage.press('e').type('!');
  assert.match(stage.screen, /› hello!/);
  assert.equal(stage.state.outbox.length, 0);
});

test('Esc and a quick key arrive as Alt with that key: they count as Esc, then the key, and nothing is posted', () => {
  for (const quick of [...':/qjkuGfFrRet?1MncibdzZyol@ß山']) {
    const stage = new Stage().live().people('ana*').past('ana: hello');
    stage.press('i').type('half a thought');
    stage.asked();
    stage.press(`alt-${quick}`).type('hmm').press('enter', 'enter');
    assert.deepEqual(
      stage.asked().filter(({ kind }) => kind === 'post'),
      'icr'.includes(quick) ? [{ kind: 'post', id: 1, text: 'half a thoughthmm' }] : [],
      `Esc ${quick}`,
    );
  }
  const stage = new Stage().live().press('i').type('x').press('alt-:');
  assert.match(stage.lines.at(-2) ?? '', /^ :/, 'the key after Esc does what it does there');
  stage.press('alt-/');
  assert.match(stage.lines.at(-2) ?? '', /^ \//, 'in a prompt too');
  stage.press('escape', '?').press('alt-?');
  assert.equal(stage.state.overlay?.kind, 'help', 'closed by Esc, opened again by ?');
});

test('Esc and a quick Enter arrive as Alt-Enter: the draft is left, and later keys are not typed into it', () => {
  const stage = new Stage().live().people('ana*').past('ana: hello');
  stage.press('i').type('half a thought');
  stage.asked();
  stage.press('alt-enter').type('hmm').press('enter');
  assert.deepEqual(
    stage.asked().filter(({ kind }) => kind === 'post'),
    [],
  );
  assert.equal(stage.state.focus, 'timeline');
  assert.match(stage.screen, /› half a thought/);
  stage.press('k', 'i', 'alt-enter');
  assert.equal(stage.state.timeline, '@ana', 'Enter does what it does there');
  stage.press(':').type('bell on').press('alt-enter');
  assert.equal(stage.state.prompt, undefined);
  assert.equal(stage.state.settings.bell, false, 'nor is a command done that was left');
});

test('a new line is Ctrl-J, Shift-Enter if the terminal reports it, and Alt-Enter if the user configured it', () => {
  const stage = new Stage().live().press('i').type('one').press('ctrl-j').type('two').press('shift-enter');
  stage.type('three').press('enter');
  assert.deepEqual(stage.asked().at(-1), { kind: 'post', id: 1, text: 'one\ntwo\nthree' });
});

test('keys that mean something with Alt stay what they are', () => {
  const stage = new Stage().live().press('i').type('one two').press('alt-left').type('x');
  stage.press('alt-delete');
  assert.match(stage.screen, /one x/);
  assert.equal(stage.state.focus, 'composer');
});

test('in a window that is too small nothing is typed or posted: only quitting works', () => {
  const stage = new Stage().live().resize(30, 8);
  stage.asked();
  stage.press('i').type('blind').press('enter').paste('blind too').press('enter', 'f', 'ctrl-z');
  assert.deepEqual(stage.asked(), []);
  stage.resize(80, 24);
  assert.equal(stage.state.focus, 'timeline');
  assert.doesNotMatch(stage.screen, /blind/);
  stage.press('i').type('on its way').press('enter').resize(30, 8);
  stage.asked();
  stage.press('q');
  assert.match(stage.screen, /1 post is not acknowledged/);
  stage.press('q');
  assert.deepEqual(stage.asked(), [{ kind: 'quit' }]);
});

test('drafts are kept for each timeline, over Esc', () => {
  const stage = new Stage().live().people('ana*', 'bo');
  stage.press('i').type('for all').press('escape', '2').press('i').type('about me').press('escape', '1');
  assert.match(stage.screen, /› for all/);
  stage.press('2');
  assert.match(stage.screen, /› about me/);
});

test('a post that is too long stays in the composer, with the reason', () => {
  const stage = new Stage().live().press('i').paste('x'.repeat(1_001));
  assert.match(stage.screen, /✗ 1 over/);
  stage.asked();
  stage.press('enter');
  assert.deepEqual(stage.asked(), []);
  assert.match(stage.screen, /not sent: 1 characters over/);
  stage.press('backspace', 'enter');
  assert.equal(stage.asked().length, 1);
});

test('a paste of many lines is one post, and opens the composer', () => {
  const stage = new Stage().live().paste('one\ntwo\nthree');
  assert.equal(stage.state.focus, 'composer');
  stage.asked();
  stage.press('ctrl-j').type('four').press('enter');
  assert.deepEqual(stage.asked(), [{ kind: 'post', id: 1, text: 'one\ntwo\nthree\nfour' }]);
});

test('Up brings back sent posts', () => {
  const stage = new Stage().live().press('i').type('first').press('enter').type('second').press('enter');
  stage.press('up', 'up');
  assert.match(stage.screen, /› first/);
  stage.press('down');
  assert.match(stage.screen, /› second/);
});

test('Tab completes a name', () => {
  const stage = new Stage().live().people('ana*', 'anton').press('i').type('hi @an').press('tab');
  assert.match(stage.screen, /› hi @ana/);
  stage.press('tab');
  assert.match(stage.screen, /› hi @anton/);
});

test('quitting while a post is being sent asks once', () => {
  const stage = new Stage().live().press('i').type('hello').press('enter', 'escape');
  stage.asked();
  stage.press('q');
  assert.deepEqual(stage.asked(), []);
  assert.match(stage.screen, /1 post is not acknowledged yet/);
  stage.press('j', 'q');
  assert.deepEqual(stage.asked(), [], 'another key has taken it back');
  stage.press('q');
  assert.deepEqual(stage.asked(), [{ kind: 'quit' }]);
});

test('a post that the open timeline does not show is reported as being sent', () => {
  const stage = new Stage()
    .live()
    .people('ana*')
    .posts('ana: hello')
    .press('2', 'i')
    .type('hi')
    .press('enter');
  assert.match(stage.screen, /sending/);
  stage.tell({ kind: 'posted', id: 1, position: 9 });
  assert.match(stage.screen, /posted.*Home/);
});

test('a request without a server is shown as waiting', () => {
  const stage = new Stage().live().people('ana');
  stage.session({
    kind: 'resolving',
    router: 'r',
    because: { reason: 'server-unreachable', detail: 'gone' },
  });
  stage.type(':follow ana').press('enter');
  assert.match(stage.lines.at(-1) ?? '', /follow ana as soon as there is a server/);
});

test('the network is known only after the start: its kept state is then added, and typed text stays', () => {
  const stage = new Stage().press('i').type('written before');
  const kept = {
    drafts: new Map([['home', 'written before'] as const, ['mentions', 'kept'] as const]),
    unsent: [{ text: 'not sent' }],
    readUpTo: new Map([['home', 0] as const]),
    sentTexts: ['sent'],
  };
  stage.tell({ kind: 'remembered', kept, another: false });
  assert.match(stage.screen, /› written before/);
  assert.match(stage.screen, /✗ perhaps sent/);
  stage.press('escape', '2');
  assert.match(stage.screen, /› kept/);
});

test('another network than the guessed one gets no state of that one', () => {
  const kept = {
    drafts: new Map([['home', 'of the first'] as const]),
    readUpTo: new Map([['home', 500] as const]),
  };
  const stage = new Stage({ kept: { ...kept, unsent: [{ text: 'of the first too' }] } });
  assert.match(stage.screen, /› of the first/);
  const nothing = { drafts: new Map(), unsent: [], readUpTo: new Map(), sentTexts: [] };
  stage.tell({ kind: 'remembered', kept: nothing, another: true }).live();
  assert.doesNotMatch(stage.screen, /of the first/);
  assert.match(stage.screen, /another network than last time/);
  stage.posts('ana: hello');
  assert.equal(stage.state.unread.size, 0);
  assert.ok(stage.state.isFirstVisit);
});

test('Ctrl-X Ctrl-E opens the draft in another editor, and its result can be undone', () => {
  const stage = new Stage().live().press('i').type('half').press('ctrl-x');
  assert.deepEqual(stage.asked(), [{ kind: 'list' }]);
  stage.press('ctrl-e');
  assert.deepEqual(stage.asked(), [{ kind: 'edit', timeline: 'home', text: 'half' }]);
  stage.tell({ kind: 'edited', timeline: 'home', text: 'a whole\nthought' });
  assert.match(stage.screen, /› a whole/);
  stage.press('ctrl-_');
  assert.match(stage.screen, /› half/);
  stage.press('ctrl-x').type('!');
  assert.match(stage.screen, /› half +4\/1000/, 'the second of two keys that mean nothing is not typed');
});

test('a click puts the cursor there', () => {
  const stage = new Stage().live().press('i').type('one 山田 two');
  const click = (x: number): Stage =>
    stage.tell({ kind: 'token', token: { kind: 'mouse', action: 'press', button: 'left', x, y: 22 } });
  click(3 + 4).type('x');
  assert.match(stage.screen, /› one x山田 two/);
  click(3 + 6).type('y');
  assert.match(stage.screen, /› one xy山田 two/, 'the right half of a wide character is that character');
  click(70).type('z');
  assert.match(stage.screen, /› one xy山田 twoz/);
  stage.press('escape').type(':user bo');
  click(2 + 5).type('!');
  assert.match(stage.screen, /:user !bo/);
});

test('posts of muted users are not new, those of ignored users are not shown, until that is undone', () => {
  const stage = new Stage().live().people('ana*', 'bo*').past('ana: hello').focusWindow(false);
  stage.type(':mute bo').press('enter').type(':bell on').press('enter');
  stage.asked();
  stage.posts('bo: hey @mira');
  assert.equal(stage.state.unread.size, 0);
  assert.deepEqual(stage.asked(), []);
  assert.match(stage.screen, /hey @mira/);
  stage.type(':ignore bo').press('enter');
  assert.doesNotMatch(stage.screen, /hey @mira/);
  stage.type(':user bo').press('enter');
  assert.match(stage.screen, /hey @mira/);
  assert.match(stage.screen, /ignored · muted/);
  stage.type(':ignore bo').press('enter').type(':mute bo').press('enter').press('1');
  assert.match(stage.screen, /hey @mira/);
  stage.posts('bo: again @mira');
  assert.equal(stage.state.unread.get('mentions'), 2, 'what was left out is counted again');
  stage.type(':mute mira').press('enter');
  assert.match(stage.screen, /that is you/);
});
