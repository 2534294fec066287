// The page: what is shown follows from `state`; the address (#/, #/new, #/g/<uuid>) says which view.
// Everything that people wrote reaches the document as text nodes only.

import * as api from './api.js'
import { listen } from './live.js'

const MAX_CHARS = 1024
const $ = (id) => document.getElementById(id)

const state = {
  me: null,           // { uuid, handle, display_name }
  groups: [],         // newest first
  moreGroups: '',     // address of the next page
  open: null,         // group uuid of the open conversation
  messages: new Map(), // uuid -> message of the open conversation
  unsent: new Map(),  // key -> message on its way, or failed; of all conversations
  older: '',          // address of the page before
  readUpTo: 0,        // seq up to which the open conversation has been reported as read
  stop: null,         // ends the live events
}

// -- small things ---------------------------------------------------------------------------------

function element(tag, props = {}, ...children) {
  const node = Object.assign(document.createElement(tag), props)
  node.append(...children)
  return node
}

const newKey = () => crypto.randomUUID ? crypto.randomUUID()
  : Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('')
const chars = (text) => Array.from(text).length
const clock = (stamp) => new Date(stamp).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
const day = (stamp) => new Date(stamp).toLocaleDateString([], { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })
const when = (stamp) => day(stamp) === day(Date.now()) ? clock(stamp)
  : new Date(stamp).toLocaleDateString([], { day: 'numeric', month: 'short' })

function timeElement(stamp, text) {
  const valid = !Number.isNaN(Date.parse(stamp))
  return element('time', { dateTime: valid ? stamp : '', textContent: valid ? text(stamp) : stamp })
}

function complain(failure) {
  if (failure.name === 'AbortError')
    return
  if (failure.status === 401)
    return signOut(failure.message)
  $('alert-text').textContent = failure.message || String(failure)
  $('alert').hidden = false
}

function calm() {
  $('alert').hidden = true
}

// -- sign in --------------------------------------------------------------------------------------

async function showSignIn(error = '') {
  $('app').hidden = true
  $('sign-in').hidden = false
  $('sign-in-error').textContent = error
  $('sign-in-error').hidden = !error
  try {
    const { people } = await api.people()
    $('people').replaceChildren(...people.map((person) => {
      const button = element('button', { type: 'button' }, person.display_name, ' ',
        element('span', { className: 'handle', textContent: '@' + person.handle }))
      button.onclick = () => enter(person.handle)
      return element('li', {}, button)
    }))
  } catch (failure) {
    $('sign-in-text').textContent = failure.status === 404
      ? 'Sign in through your application: this server takes its access tokens.' : failure.message
  }
}

async function enter(handle) {
  try {
    const { token, user } = await api.signIn(handle)
    sessionStorage.setItem('cruddur', JSON.stringify({ token, user }))
    begin(token, user)
  } catch (failure) {
    showSignIn(failure.message)
  }
}

function signOut(reason = '') {
  if (state.stop)
    state.stop()
  sessionStorage.removeItem('cruddur')
  sessionStorage.removeItem(DRAFTS)
  drafts = {}
  api.setToken('')
  Object.assign(state, { me: null, groups: [], open: null, stop: null, moreGroups: '', older: '' })
  state.messages.clear()
  state.unsent.clear()
  $('status').hidden = true
  history.replaceState(null, '', '#/')
  showSignIn(reason)
}

function begin(token, user) {
  api.setToken(token)
  state.me = user
  $('sign-in').hidden = true
  $('app').hidden = false
  $('me').textContent = '@' + user.handle
  calm()
  state.stop = listen({ onEvent: onLive, onState: onLiveState })
  api.people().then(({ people }) => $('handles').replaceChildren(
    ...people.filter((p) => p.handle !== user.handle).map((p) => element('option', { value: p.handle }))),
  () => {})
  $('new-conversation').focus()
  refreshGroups().then(route)
}

// -- live -----------------------------------------------------------------------------------------

let wasLost = false

function onLiveState(now) {
  if (now === 'refused')
    return signOut('Your session has ended. Sign in again.')
  $('status').textContent = 'Connection lost. Trying again…'
  $('status').hidden = now === 'open'
  if (now === 'open' && wasLost)
    catchUp()
  wasLost = now === 'lost'
}

function onLive(name, data) {
  if (name === 'reset' || name === 'group')
    return catchUp()
  if (name === 'read')
    return data.handle === state.me.handle ? refreshGroups() : undefined
  if (name !== 'message')
    return
  if (data.message_group_uuid === state.open)
    addMessages([data])
  refreshGroups()
}

// Never silence: whatever was missed, the list is fetched anew and the open conversation filled up.
async function catchUp() {
  await refreshGroups()
  if (state.open && state.messages.size)
    fillUp(state.open)
  else if (state.open)
    openGroup(state.open)
}

// Fetches from the newest page backward until it meets what is already shown.
async function fillUp(group) {
  try {
    const known = Math.max(0, ...[...state.messages.values()].map((m) => m.seq || 0))
    let { data, link } = await api.messages(group)
    const pages = [data]
    while (link.prev && data.length && data[0].seq > known + 1 && known) {
      ({ data, link } = await api.page(link.prev))
      pages.unshift(data)
    }
    if (state.open === group)
      addMessages(pages.flat())
  } catch (failure) {
    complain(failure)
  }
}

// -- the list -------------------------------------------------------------------------------------

let refreshing = null
let isStale = false

// However many events ask for it meanwhile, one fetch runs at a time, and one more after it.
function refreshGroups() {
  isStale = true
  refreshing ||= (async () => {
    while (isStale) {
      isStale = false
      await fetchGroups()
    }
    refreshing = null
  })()
  return refreshing
}

async function fetchGroups() {
  const me = state.me
  try {
    const { data, link } = await api.groups()
    if (!me || state.me !== me)
      return
    // What was fetched of older pages stays, unless there may be a gap before it.
    const fresh = new Set(data.map((g) => g.uuid))
    const reaches = link.next && state.groups.length && data.at(-1).created_at <= state.groups[0].created_at
    const tail = reaches ? state.groups.filter((g) => !fresh.has(g.uuid)) : []
    state.groups = [...data, ...tail]
    if (!tail.length)
      state.moreGroups = link.next || ''
    showGroups()
  } catch (failure) {
    complain(failure)
  }
}

// Whether there was another page.
async function moreGroups() {
  try {
    const { data, link } = await api.groups(state.moreGroups)
    const known = new Set(state.groups.map((g) => g.uuid))
    state.groups.push(...data.filter((g) => !known.has(g.uuid)))
    state.moreGroups = link.next || ''
    showGroups()
    return true
  } catch (failure) {
    complain(failure)
    return false
  }
}

function showGroups() {
  const focused = document.activeElement?.dataset?.group
  $('groups').replaceChildren(...state.groups.map((group) => {
    const link = element('a', { href: `#/g/${group.uuid}` },
      element('span', { className: 'name', dir: 'auto', textContent: group.display_name }),
      timeElement(group.created_at, when),
      element('span', { className: 'preview', dir: 'auto', textContent: group.message }))
    link.dataset.group = group.uuid
    if (group.unread > 0 && group.uuid !== state.open)
      link.append(element('span', { className: 'unread' }, String(group.unread), element('span', { className: 'hidden' }, ' unread')))
    if (group.uuid === state.open)
      link.setAttribute('aria-current', 'page')
    return element('li', {}, link)
  }))
  if (focused)
    $('groups').querySelector(`[data-group="${CSS.escape(focused)}"]`)?.focus()
  $('list-empty').hidden = state.groups.length > 0
  $('more-groups').hidden = !state.moreGroups
  const unread = state.groups.reduce((sum, g) => sum + (g.unread > 0 && g.uuid !== state.open ? 1 : 0), 0)
  document.title = unread ? `(${unread}) Cruddur` : 'Cruddur'
  showHead()
}

// -- one conversation -----------------------------------------------------------------------------

function showHead() {
  const group = state.groups.find((g) => g.uuid === state.open)
  $('with').textContent = group ? group.display_name : ''
  $('with-handle').textContent = group ? '@' + group.handle : ''
}

async function openGroup(uuid) {
  Object.assign(state, { open: uuid, older: '', readUpTo: 0 })
  state.messages.clear()
  showMessages()
  showGroups()
  showDraft()
  try {
    const { data, link } = await api.messages(uuid)
    if (state.open !== uuid)
      return
    state.older = link.prev || ''
    addMessages(data, { jump: true })
    $('text').focus({ preventScroll: true })
    findInList(uuid)
  } catch (failure) {
    if (failure.status !== 404)
      return complain(failure)
    complain(new Error('There is no such conversation, or you are not in it.'))
    if (state.open === uuid)
      location.hash = '#/'
  }
}

// The address may name a conversation of an older page of the list: its name stands there.
async function findInList(uuid) {
  while (state.open === uuid && state.moreGroups && !state.groups.some((g) => g.uuid === uuid))
    if (!await moreGroups())
      return
}

async function showOlder() {
  const group = state.open
  try {
    const scroll = $('scroll')
    const fromEnd = scroll.scrollHeight - scroll.scrollTop
    const { data, link } = await api.page(state.older)
    if (state.open !== group)
      return
    state.older = link.prev || ''
    addMessages(data, { keep: true })
    scroll.scrollTop = scroll.scrollHeight - fromEnd
  } catch (failure) {
    complain(failure)
  }
}

function toEnd() {
  $('scroll').scrollTop = $('scroll').scrollHeight
}

function isAtEnd() {
  const scroll = $('scroll')
  return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80
}

function addMessages(list, { jump = false, keep = false } = {}) {
  const follow = jump || (!keep && isAtEnd())
  for (const message of list) {
    // My own message may come back as a live event before its answer: it takes the unsent one's place.
    const unsent = [...state.unsent.values()].find((m) =>
      m.group === state.open && !m.failed && m.message === message.message)
    if (unsent && message.handle === state.me.handle && !state.messages.has(message.uuid))
      state.unsent.delete(unsent.key)
    state.messages.set(message.uuid, message)
  }
  showMessages()
  if (follow)
    toEnd()
  readUp()
}

// By sort key, as the server orders them; unsent ones come last.
function inOrder() {
  const sent = [...state.messages.values()].sort((a, b) =>
    a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0)
  return [...sent, ...[...state.unsent.values()].filter((m) => m.group === state.open)]
}

const rowOf = new WeakMap() // message -> its row: what stands already is not made, or read aloud, again

function showMessages() {
  const rows = []
  let lastDay = ''
  for (const message of inOrder()) {
    const today = Number.isNaN(Date.parse(message.created_at)) ? '' : day(message.created_at)
    if (today !== lastDay)
      rows.push(dayRow(lastDay = today))
    if (!rowOf.has(message))
      rowOf.set(message, messageRow(message))
    rows.push(rowOf.get(message))
  }
  place($('messages'), rows)
  $('older').hidden = !state.older
}

function dayRow(text) {
  const shown = [...$('messages').querySelectorAll('.day')].find((row) => row.textContent === text)
  return shown || element('li', { className: 'day', textContent: text })
}

// Makes `rows` the children of `list` and touches only those that differ.
function place(list, rows) {
  const wanted = new Set(rows)
  for (const child of [...list.children])
    if (!wanted.has(child))
      child.remove()
  let at = list.firstChild
  for (const row of rows)
    if (row === at)
      at = at.nextSibling
    else
      list.insertBefore(row, at)
}

function messageRow(message) {
  const mine = message.handle === state.me.handle
  const by = element('div', { className: 'by' })
  if (message.failed) {
    const retry = element('button', { type: 'button', className: 'quiet', textContent: 'Try again' })
    retry.onclick = () => deliver(message)
    by.append(`Not sent: ${message.failed}`, retry)
  } else if (message.key) {
    by.append('Sending…')
  } else {
    by.append(mine ? '' : `${message.display_name} · `, timeElement(message.created_at, clock))
  }
  const row = element('li', { className: 'message' }, element('div', { className: 'said', dir: 'auto', textContent: message.message }), by)
  row.classList.toggle('mine', mine)
  row.classList.toggle('failed', Boolean(message.failed))
  return row
}

let readTimer

// What is on the screen of somebody who is looking has been read.
function readUp() {
  clearTimeout(readTimer)
  readTimer = setTimeout(async () => {
    const group = state.groups.find((g) => g.uuid === state.open)
    const newest = Math.max(0, ...[...state.messages.values()].map((m) => m.seq || 0))
    if (!group || !newest || document.hidden || !isAtEnd() || state.readUpTo >= newest)
      return
    try {
      await api.markRead(group.uuid, newest)
      if (state.open === group.uuid)
        state.readUpTo = newest
      group.unread = 0
      showGroups()
    } catch (failure) {
      complain(failure)
    }
  }, 250)
}

// -- drafts ---------------------------------------------------------------------------------------

// What is half written belongs to its conversation: it must not be sent into another one.
const DRAFTS = 'cruddur-drafts'
let drafts = JSON.parse(sessionStorage.getItem(DRAFTS) || '{}')

function setDrafts(all) {
  drafts = all
  sessionStorage.setItem(DRAFTS, JSON.stringify(drafts))
}

function showDraft() {
  $('text').value = drafts[state.open] || ''
  grow($('text'))
}

// -- sending --------------------------------------------------------------------------------------

function submit(event) {
  event.preventDefault()
  const text = $('text').value
  if (!text.trim())
    return
  if (chars(text) > MAX_CHARS)
    return complain(new Error(`The message is longer than ${MAX_CHARS} characters.`))
  const message = {
    key: newKey(), group: state.open, message: text, handle: state.me.handle,
    display_name: state.me.display_name, created_at: new Date().toISOString(),
  }
  const { [state.open]: sent, ...others } = drafts
  setDrafts(others)
  showDraft()
  deliver(message)
}

async function deliver(message) {
  showUnsent(message, '')
  toEnd()
  try {
    const sent = await api.sendToGroup(message.group, message.message, message.key)
    state.unsent.delete(message.key)
    if (state.open === message.group)
      addMessages([sent])
    calm()
    refreshGroups()
  } catch (failure) {
    if (failure.status === 401)
      return complain(failure)
    showUnsent(message, failure.message)
    if (state.open !== message.group)
      complain(new Error(`A message was not sent: ${failure.message}`))
  }
}

// It stays, wherever the person goes meanwhile, until it is sent.
function showUnsent(message, failed) {
  message.failed = failed
  state.unsent.set(message.key, message)
  rowOf.delete(message)
  if (state.open === message.group)
    showMessages()
}

let newMessageKey = newKey()

async function startConversation(event) {
  event.preventDefault()
  const form = $('new-form')
  const handle = $('new-handle').value.trim().replace(/^@/, '')
  const button = form.querySelector('button')
  button.disabled = true
  try {
    const { message_group_uuid: group } = await api.sendToHandle(handle, $('new-text').value, newMessageKey)
    form.reset()
    newMessageKey = newKey()
    calm()
    await refreshGroups()
    location.hash = `#/g/${group}`
  } catch (failure) {
    complain(failure.status === 404 ? new Error(`There is nobody called @${handle}.`) : failure)
  } finally {
    button.disabled = false
  }
}

// -- views ----------------------------------------------------------------------------------------

function route() {
  if (!state.me)
    return
  const [, view, group] = /^#\/(new|g)?(?:\/(.+))?$/.exec(location.hash) || []
  const name = view === 'new' ? 'new' : view === 'g' && group ? 'group' : 'list'
  $('app').dataset.view = name
  $('nothing').hidden = name !== 'list'
  $('new-form').hidden = name !== 'new'
  $('conversation').hidden = name !== 'group'
  if (name === 'group') {
    if (group !== state.open)
      openGroup(group)
    return
  }
  state.open = null
  showGroups()
  if (name === 'new')
    $('new-handle').focus()
}

function grow(area) {
  area.style.height = 'auto'
  area.style.height = `${area.scrollHeight + 2}px`
  const count = document.querySelector(`[data-for="${area.id}"]`)
  const left = MAX_CHARS - chars(area.value)
  count.hidden = left > 100
  count.textContent = left < 0 ? `${-left} characters too many` : `${left} characters left`
  count.classList.toggle('over', left < 0)
}

$('composer').onsubmit = submit
$('new-form').onsubmit = startConversation
$('new-conversation').onclick = () => { location.hash = '#/new' }
$('sign-out').onclick = () => signOut()
$('older').onclick = showOlder
$('more-groups').onclick = moreGroups
$('alert-close').onclick = calm
$('skip').onclick = (event) => { // an address of its own would be another view
  event.preventDefault()
  $('main').focus()
}
$('scroll').onscroll = () => {
  wasAtEnd = isAtEnd()
  readUp()
}
// Who looks at the end still does when the keyboard of a phone, or a turn of it, takes room away.
let wasAtEnd = true
new ResizeObserver(() => {
  if (wasAtEnd)
    toEnd()
}).observe($('scroll'))
$('new-text').oninput = () => grow($('new-text'))
$('text').oninput = () => {
  grow($('text'))
  setDrafts({ ...drafts, [state.open]: $('text').value })
}
// Any change of the new message makes it another message: another key.
$('new-form').oninput = () => { newMessageKey = newKey() }
$('text').onkeydown = (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault()
    $('composer').requestSubmit()
  }
}
addEventListener('hashchange', route)
addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && state.me)
    location.hash = '#/'
})
document.addEventListener('visibilitychange', readUp)

const kept = JSON.parse(sessionStorage.getItem('cruddur') || 'null')
if (kept)
  begin(kept.token, kept.user)
else
  showSignIn()
