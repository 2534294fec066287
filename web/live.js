// Server-sent events over fetch: EventSource cannot carry an Authorization header, and a token does
// not belong in an address. Reconnects with backoff and Last-Event-ID.

import { authorization } from './api.js'

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15000
// The server sends a comment every 15 s: silence of twice that means a dead connection.
const SILENCE_MS = 35000

// Calls onEvent(name, data) for each event, onState('open' | 'lost' | 'refused') on changes.
// Returns a function that ends it.
export function listen({ onEvent, onState }) {
  let stopped = false
  let lastId = ''
  let wait = FIRST_WAIT_MS
  let abort = null
  let wake = null

  async function once() {
    abort = new AbortController()
    const headers = { ...authorization(), Accept: 'text/event-stream' }
    if (lastId)
      headers['Last-Event-ID'] = lastId
    const answer = await fetch('/api/events', { headers, signal: abort.signal, cache: 'no-store' })
    if (answer.status === 401) {
      stopped = true
      onState('refused')
      return
    }
    if (!answer.ok)
      throw new Error(`status ${answer.status}`)
    wait = FIRST_WAIT_MS
    onState('open')
    await read(answer.body.getReader())
  }

  async function read(reader) {
    const decoder = new TextDecoder()
    let rest = ''
    let timer
    const watch = () => {
      clearTimeout(timer)
      timer = setTimeout(() => abort.abort(), SILENCE_MS)
    }
    try {
      for (;;) {
        watch()
        const { value, done } = await reader.read()
        if (done)
          return
        rest += decoder.decode(value, { stream: true })
        const events = rest.split(/\r?\n\r?\n/)
        rest = events.pop()
        events.forEach(dispatch)
      }
    } finally {
      clearTimeout(timer)
    }
  }

  function dispatch(text) {
    let name = 'message'
    const data = []
    for (const line of text.split(/\r?\n/)) {
      const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line)
      if (field === 'event')
        name = value
      else if (field === 'data')
        data.push(value)
      else if (field === 'id')
        lastId = value
    }
    if (data.length)
      onEvent(name, JSON.parse(data.join('\n')))
  }

  async function run() {
    while (!stopped) {
      try {
        await once()
      } catch {
        // Lost or refused for now: the wait below, then again.
      }
      if (stopped)
        return
      onState('lost')
      await new Promise((resolve) => {
        wake = resolve
        setTimeout(resolve, wait * (0.5 + Math.random()))
      })
      wait = Math.min(wait * 2, LONGEST_WAIT_MS)
    }
  }

  const retryNow = () => {
    wait = FIRST_WAIT_MS
    if (wake)
      wake()
  }
  addEventListener('online', retryNow)
  run()
  return () => {
    stopped = true
    removeEventListener('online', retryNow)
    if (abort)
      abort.abort()
    retryNow()
  }
}
