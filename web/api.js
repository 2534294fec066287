// The API of the messaging server: one function a route. A failure is an ApiError whose text can be
// shown to the person.

export class ApiError extends Error {
  constructor(text, status) {
    super(text)
    this.status = status
  }
}

const SENTENCES = {
  message_blank: 'The message is empty.',
  message_exceed_max_chars: 'The message is longer than 1024 characters.',
  message_group_uuid_blank: 'The conversation is missing.',
  user_reciever_handle_blank: 'Say who it is for.',
  cannot_message: 'You cannot message this person.',
}

let token = ''

export function setToken(value) {
  token = value
}

export function authorization() {
  return { Authorization: `Bearer ${token}` }
}

function explain(status, body, retryAfter) {
  if (status === 422 && Array.isArray(body))
    return body.map((name) => SENTENCES[name] || name).join(' ')
  if (status === 401)
    return 'Your session has ended. Sign in again.'
  if (status === 429)
    return `Too many requests. Try again in ${retryAfter || 'a few'} seconds.`
  if (status === 413)
    return 'That is too large to send.'
  if (status >= 500)
    return 'The server cannot answer right now. Try again in a moment.'
  const name = body && body.error
  return SENTENCES[name] || (name ? String(name).replaceAll('_', ' ') : `The server refused (${status}).`)
}

async function call(method, path, { body, headers, signal } = {}) {
  let answer
  try {
    answer = await fetch(path, {
      method,
      signal,
      headers: { ...authorization(), ...(body ? { 'Content-Type': 'application/json' } : {}), ...headers },
      body: body ? JSON.stringify(body) : undefined,
      cache: 'no-store',
    })
  } catch (failure) {
    if (failure.name === 'AbortError')
      throw failure
    throw new ApiError('The server cannot be reached.', 0)
  }
  const data = await answer.json().catch(() => null)
  if (!answer.ok)
    throw new ApiError(explain(answer.status, data, answer.headers.get('Retry-After')), answer.status)
  return { data, link: links(answer.headers.get('Link')) }
}

// Link: </api/messages/…?before=abc>; rel="prev"  ->  { prev: '/api/messages/…?before=abc' }
function links(header) {
  const found = {}
  for (const part of (header || '').split(/,\s*(?=<)/)) {
    const match = /^<([^>]*)>\s*;\s*rel="?(\w+)"?/.exec(part)
    if (match)
      found[match[2]] = match[1]
  }
  return found
}

export const people = () => call('GET', '/api/session').then((r) => r.data)
export const signIn = (handle) => call('POST', '/api/session', { body: { handle } }).then((r) => r.data)
export const groups = (path) => call('GET', path || '/api/message_groups')
export const messages = (group) => call('GET', `/api/messages/${encodeURIComponent(group)}`)
export const page = (path) => call('GET', path)
export const markRead = (group, seq) =>
  call('PUT', `/api/messages/${encodeURIComponent(group)}/read`, { body: { seq } })

// The key makes a second try of the same message harmless.
const send = (body, key) =>
  call('POST', '/api/messages', { body, headers: { 'Idempotency-Key': key } }).then((r) => r.data)
export const sendToGroup = (group, message, key) => send({ message, message_group_uuid: group }, key)
export const sendToHandle = (handle, message, key) => send({ message, handle }, key)
