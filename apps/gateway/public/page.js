const element = id => document.getElementById(id);
const visitor = element('visitor');
const member = element('member');
const state = element('state');
const list = element('notifications');
const MAX_SHOWN = 200;

let stream;

/** Resolves to the answer's body; throws an Error that a person can read. */
async function post(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new Error([answer.message ?? `The gateway answered ${response.status}`].flat().join('\n'));
}

function fieldsOf(form) {
  return Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ''));
}

function onSubmit(form, send) {
  const [button, output] = [form.querySelector('button'), form.querySelector('output')];
  form.addEventListener('submit', async event => {
    event.preventDefault();
    button.disabled = true;
    output.textContent = '';
    try {
      await send(fieldsOf(form));
      form.reset();
    } catch (error) {
      output.dataset.kind = 'error';
      output.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  });
}

function show(notification) {
  const known = [...list.children].some(item => item.dataset.id === notification.id);
  if (known) return;
  const item = document.createElement('li');
  item.dataset.id = notification.id;
  const text = document.createElement('span');
  text.textContent = notification.text;
  const time = document.createElement('time');
  time.dateTime = notification.at;
  time.textContent = new Date(notification.at).toLocaleTimeString();
  item.append(text, time);
  list.prepend(item);
  while (list.children.length > MAX_SHOWN) list.lastElementChild.remove();
  element('empty').hidden = true;
}

function setState(name) {
  state.dataset.state = name;
  state.textContent = name;
}

/** A browser opens a stream that broke again by itself, but not one that was refused. */
function watch({ token }) {
  stream = new EventSource(`notifications/live?access_token=${encodeURIComponent(token)}`);
  stream.addEventListener('open', () => setState('live'));
  stream.addEventListener('message', event => show(JSON.parse(event.data)));
  stream.addEventListener('error', () =>
    setState(stream.readyState === EventSource.CLOSED ? 'closed: log in again' : 'reconnecting'),
  );
}

function enter(session) {
  element('who').textContent = session.name;
  visitor.hidden = true;
  member.hidden = false;
  setState('connecting');
  watch(session);
}

function leave() {
  stream?.close();
  list.replaceChildren();
  element('empty').hidden = false;
  member.hidden = true;
  visitor.hidden = false;
}

async function logIn({ name, password }) {
  enter(await post('sessions', { name, password }));
}

onSubmit(element('sign-up'), async fields => {
  await post('users', fields);
  await logIn(fields);
});
onSubmit(element('log-in'), logIn);
element('log-out').addEventListener('click', leave);
