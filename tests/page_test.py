#!/usr/bin/python3
"""The page in a real browser: two people talk, live, with keyboard and on a phone's width.

  page_test.py PROGRAM [SCREENSHOT]

Prints TAP. Needs Debian's chromium, chromium-driver, python3-selenium and python3-boto3.
SCREENSHOT: where to keep a picture of a conversation, for the README.
"""
import datetime
import os
import shutil
import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Server, Tap

WAIT_S = 15
EVIL = '<img src=x onerror="document.title=1"><script>alert(1)</script> & "quoted"'


class Browser:
    def __init__(self, url, folder, width=1100, height=760):
        options = Options()
        options.binary_location = '/usr/bin/chromium'
        for flag in ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
                     '--disable-background-networking', '--disable-component-update', '--disable-sync',
                     '--disable-dev-shm-usage', f'--user-data-dir={folder}',
                     f'--window-size={width},{height}', '--lang=en'):
            options.add_argument(flag)
        options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
        self.driver = webdriver.Chrome(service=Service('/usr/bin/chromedriver'), options=options)
        self.url = url
        self.driver.get(url)

    def until(self, condition, seconds=WAIT_S):
        end = time.time() + seconds
        while time.time() < end:
            try:
                found = condition()
                if found:
                    return found
            except Exception:
                pass
            time.sleep(0.05)
        return None

    def find(self, css):
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def sign_in(self, handle):
        button = self.until(lambda: next(b for b in self.all('#people button') if '@' + handle in b.text))
        if not button:
            return False
        button.click()
        return bool(self.until(lambda: self.find('#me').text == '@' + handle))

    def texts(self):
        return [e.text for e in self.all('#messages .said')]

    def shows(self, text, seconds=WAIT_S):
        return bool(self.until(lambda: text in self.texts(), seconds))

    def type(self, css, *keys):
        self.find(css).send_keys(*keys)

    def complaints(self):
        """What the console holds: policy violations and script errors."""
        return [e['message'] for e in self.driver.get_log('browser')
                if e['level'] == 'SEVERE' and 'favicon' not in e['message']]


def talk(tap, server, first, second):
    tap.check('two people sign in', first.sign_in('andrewbrown') and second.sign_in('bayko'))
    first.find('#new-conversation').click()
    first.until(lambda: first.find('#new-handle').is_displayed())
    first.type('#new-handle', 'bayko')
    first.type('#new-text', 'Have you got a minute?')
    first.find('#new-form button').click()
    tap.check('a new conversation opens with its message', first.shows('Have you got a minute?'))
    row = second.until(lambda: second.find('#groups a'))
    tap.check('the other person sees it appear, with its sender and one unread',
              bool(row) and bool(second.until(lambda: 'Andrew Brown' in second.find('#groups a').text
                                              and second.find('#groups .unread').text == '1')))
    second.find('#groups a').send_keys(Keys.ENTER)
    tap.check('it opens with the keyboard', second.shows('Have you got a minute?'))
    tap.check('reading it clears the unread mark', bool(second.until(lambda: not second.all('#groups .unread'))))
    second.type('#text', 'Yes. What is it?', Keys.ENTER)
    tap.check('an answer shows at the sender', second.shows('Yes. What is it?'))
    tap.check('and at the other person, without a reload', first.shows('Yes. What is it?'))
    tap.check('the text field is empty again', second.find('#text').get_attribute('value') == '')
    first.type('#text', EVIL, Keys.ENTER)
    tap.check('markup arrives as text', second.shows(EVIL) and not second.all('#messages img, #messages script'))
    first.type('#text', 'line one', Keys.SHIFT + Keys.ENTER)
    first.type('#text', Keys.NULL, 'line two', Keys.ENTER)
    tap.check('Shift+Enter makes a line', second.shows('line one\nline two'))
    tap.check('nothing shows twice', bool(first.until(lambda: len(first.texts()) == 4)))


def foreign(tap, server, first, second):
    """A message put with boto3 straight into the table."""
    ddb = server.boto3_client('dynamodb')
    rows = ddb.scan(TableName='cruddur-messages')['Items']
    message = next(r for r in rows if r['pk']['S'].startswith('MSG#'))
    stamp = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='microseconds')
    ddb.put_item(TableName='cruddur-messages', Item={
        **{k: message[k] for k in ('pk', 'user_uuid', 'user_display_name', 'user_handle')},
        'sk': {'S': stamp}, 'message_uuid': {'S': '11111111-2222-4333-8444-555555555555'},
        'message': {'S': 'put by a script'}})
    tap.check('a row that a script puts into the table appears live', second.shows('put by a script')
              and first.shows('put by a script'))


def history(tap, server, first):
    api = server.api('andrewbrown')
    group = api('GET', '/api/message_groups')[0]['uuid']
    for i in range(45):
        api('POST', '/api/messages', {'message': f'history {i}', 'message_group_uuid': group})
    tap.check('the newest of many arrives', first.shows('history 44'))
    first.driver.refresh()
    first.until(lambda: first.shows('history 44', 1))
    for _ in range(3):
        older = first.until(lambda: first.find('#older').is_displayed() and first.find('#older'), 3)
        if older:
            first.driver.execute_script('arguments[0].click()', older)
            time.sleep(0.3)
    tap.check('older messages can be reached, to the first', first.shows('Have you got a minute?'))
    shown = [t for t in first.texts() if t.startswith('history ')]
    tap.check('in order, none missing, none twice', shown == [f'history {i}' for i in range(45)])


def narrow(tap, server, folder):
    phone = Browser(server.url, folder, 500, 800)
    try:
        phone.sign_in('bayko')
        phone.until(lambda: phone.find('#groups a').is_displayed())
        tap.check('on a narrow screen the list comes first', not phone.find('#main').is_displayed())
        phone.find('#groups a').click()
        tap.check('then the conversation alone', bool(phone.until(lambda: phone.find('#text').is_displayed()
                                                                  and not phone.find('.side').is_displayed())))
        wide = phone.driver.execute_script('return document.documentElement.scrollWidth > innerWidth')
        tap.check('nothing is wider than the screen', not wide)
        phone.find('.conversation .back').click()
        tap.check('and back', bool(phone.until(lambda: phone.find('#groups a').is_displayed())))
    finally:
        phone.driver.quit()


def errors(tap, server, first):
    first.driver.get(server.url + '#/new')
    first.until(lambda: first.find('#new-handle').is_displayed())
    first.type('#new-handle', 'nobody')
    first.type('#new-text', 'hello')
    first.find('#new-form button').click()
    tap.check('an unknown person is an error that is shown',
              bool(first.until(lambda: 'nobody called @nobody' in first.find('#alert').text)))
    first.driver.get(server.url + '#/')
    first.until(lambda: first.find('#groups a').is_displayed())
    first.find('#groups a').click()
    first.until(lambda: first.find('#text').is_displayed())
    tap.check('no violation of the content policy and no script error but the refusals above',
              [c for c in first.complaints() if 'Failed to load resource' not in c] == [])
    server.stop()
    first.type('#text', 'into the void', Keys.ENTER)
    tap.check('a message that cannot be sent says so and can be tried again',
              bool(first.until(lambda: 'Not sent' in first.find('#messages .failed').text)))
    server.start()
    first.until(lambda: not first.find('#status').is_displayed())
    first.driver.execute_script("document.querySelector('#messages .failed button').click()")
    tap.check('and is then sent, once', bool(first.until(lambda: not first.all('#messages .failed')))
              and first.texts().count('into the void') == 1)


def main():
    program = sys.argv[1]
    tap = Tap()
    folder = tempfile.mkdtemp(prefix='cruddur-page.')
    server = Server(program, 'serve', data=os.path.join(folder, 'data'), extra=['--limits', 'off'])
    first = second = None
    try:
        server.start()
        first = Browser(server.url, os.path.join(folder, 'first'))
        second = Browser(server.url, os.path.join(folder, 'second'))
        talk(tap, server, first, second)
        foreign(tap, server, first, second)
        if len(sys.argv) > 2:
            second.driver.save_screenshot(sys.argv[2])
        history(tap, server, first)
        narrow(tap, server, os.path.join(folder, 'phone'))
        errors(tap, server, first)
    except Exception as failure:
        tap.check(f'runs to the end: {failure!r}'[:300], False)
    finally:
        for browser in (first, second):
            if browser:
                browser.driver.quit()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
