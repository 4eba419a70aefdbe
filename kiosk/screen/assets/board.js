// The attendant's page. The board is swapped whole; where the reader scrolled to stays.
// When the data are older than five seconds it turns grey and says from when they are.
import { connect, parse } from './link.js';
import { hush, play } from './sound.js';

const STALE = 5000;
const stamp = document.getElementById('stamp'), live = document.getElementById('live'), clock = document.getElementById('clock');
const volume = Number(document.body.dataset.volume);
let board = document.getElementById('board'), known = new Set(), tone = '';
let last, heard = performance.now(); // the newest beat, and when it came

function ages() {
  if (!last) return;
  for (const t of board.querySelectorAll('.since')) {
    const s = Math.max(0, Math.floor((last.now - Number(t.dataset.since)) / 1000)), two = (n) => String(n).padStart(2, '0');
    t.textContent = s < 3600 ? two(Math.floor(s / 60)) + ':' + two(s % 60) : Math.floor(s / 3600) + ':' + two(Math.floor(s / 60) % 60) + ':' + two(s % 60);
  }
}

function trust() {
  const stale = performance.now() - heard > STALE || last?.stale === true;
  document.documentElement.classList.toggle('stale', stale);
  stamp.hidden = !stale;
  const words = last ? stamp.dataset.stopped.replace('{time}', last.at) : stamp.dataset.silent;
  if (stale && stamp.textContent !== words) stamp.textContent = words;
  if (stale) hush();
}

function call() {
  const now = new Set(board.dataset.urgent.split(' ').filter(Boolean));
  const news = [...now].some((u) => !known.has(u));
  if (news || board.dataset.tone !== tone) {
    tone = board.dataset.tone;
    if (tone) play(tone, volume); else hush();
  }
  if (news) live.textContent = [...board.querySelectorAll('.urgent')].map((u) => u.innerText).join('. ');
  known = now;
}

connect('/events' + location.search, {
  state(html) {
    const at = Object.fromEntries([...board.querySelectorAll('[data-scrolls]')].map((e) => [e.id, e.scrollTop]));
    const focus = document.activeElement?.id;
    const next = parse(html, 'board');
    board.replaceWith(next);
    board = next;
    for (const [id, top] of Object.entries(at)) document.getElementById(id)?.scrollTo(0, top);
    if (focus) document.getElementById(focus)?.focus();
    ages();
    call();
  },
  beat(b) {
    last = b;
    heard = performance.now();
    clock.textContent = b.clock;
    ages();
    trust();
  },
  lost: trust,
});
// What is said to one person, and what staff do about them, lies over the board, which
// goes on beneath.
const told = document.getElementById('told'), act = document.getElementById('overrule');
told.querySelector('button').onclick = () => told.close();
document.addEventListener('click', (e) => {
  const of = e.target.closest('[data-tell],[data-overrule]');
  if (!of) return;
  if (!('overrule' in of.dataset)) {
    told.querySelector('div').replaceChildren(of.nextElementSibling.content.cloneNode(true));
    told.showModal();
    return;
  }
  const given = of.dataset.given, may = given ? [given] : of.dataset.urgent.split(' ');
  Object.assign(act.dataset, { lane: of.dataset.lane, number: of.dataset.number });
  act.querySelector('h2 b').textContent = of.dataset.title;
  act.querySelector('.wrong').hidden = true;
  for (const r of act.querySelectorAll('.sign input')) r.value = '';
  const papers = act.querySelector('input[name=papers]');
  papers.value = of.dataset.papers;
  papers.readOnly = papers.value !== '';
  for (const r of act.querySelectorAll('input[name=urgent]')) {
    r.checked = r.value === given;
    r.closest('label').hidden = !may.includes(r.value);
  }
  complete();
  act.showModal();
});
// There is no reason by default, and the button waits for one and for who gives it.
const complete = () => {
  act.querySelector('.act').disabled = !act.querySelector('input:checked') || !act.querySelector('form').checkValidity();
};
if (act) {
  const confirm = act.querySelector('.act'), wrong = act.querySelector('.wrong');
  act.addEventListener('input', complete);
  act.querySelector('menu button').onclick = () => act.close();
  confirm.addEventListener('click', async (e) => {
    e.preventDefault();
    confirm.disabled = true;
    const of = (name) => act.querySelector(`input[name=${name}]`)?.value ?? '';
    const body = JSON.stringify({ lane: act.dataset.lane, number: Number(act.dataset.number), urgent: act.querySelector('input:checked').value, papers: of('papers'), name: of('name'), pin: of('pin') });
    const answer = await fetch('/overrule', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }).catch(() => undefined);
    const pin = act.querySelector('input[name=pin]');
    if (pin) pin.value = '';
    if (answer?.status === 204) return act.close();
    const why = answer?.ok ? (await answer.json()).not : 'failed';
    wrong.textContent = wrong.dataset[why] ?? wrong.dataset.failed;
    wrong.hidden = false;
    complete();
  });
}
setInterval(trust, 250);
