"""The page in a real browser: two people talk, live, with the keyboard and on a phone's width.

    page_test.py PATH_OF_CRUDDUR [PART_OF_A_TEST_NAME]

Needs Debian's chromium, chromium-driver and python3-selenium. With $SCREENSHOT=FILE.png it runs no tests
and makes the picture of the README instead.
"""
import datetime
import json
import os
import subprocess
import time
import urllib.request

from harness import Server, Skip, Suite, free_port, run, temporary_folder, wait_for

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    webdriver = None

suite = Suite(__doc__)
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
EVIL = '<img src=x onerror="document.title=1"><script>alert(1)</script> & "quoted"'


class Browser:
    def __init__(self, url, width=1100, height=760):
        options = Options()
        options.binary_location = CHROMIUM
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--disable-dev-shm-usage", "--lang=en", f"--window-size={width},{height}",
                     f"--user-data-dir={temporary_folder()}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service(DRIVER), options=options)
        self.driver.get(url)

    def find(self, css):
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def until(self, question, what, seconds=15):
        """Waits for an answer; elements that the page replaces meanwhile count as none."""
        def ask():
            try:
                return question()
            except Exception:
                return None
        return wait_for(ask, seconds, what)

    def until_shown(self, css):
        return self.until(lambda: self.find(css).is_displayed() and self.find(css), f"{css} is shown")

    def until_said(self, text):
        self.until(lambda: text in self.said(), f"{text!r} is in the conversation")

    def said(self):
        return [element.text for element in self.all("#messages .said")]

    def sign_in(self, handle):
        self.until(lambda: next(b for b in self.all("#people button") if "@" + handle in b.text),
                   f"{handle} can sign in").click()
        self.until(lambda: self.find("#me").text == "@" + handle, f"{handle} is signed in")

    def write(self, css, *keys):
        self.find(css).send_keys(*keys)

    def close(self):
        self.driver.quit()


class Stage:
    """One server and two people in their browsers, for all tests of this file."""

    def __init__(self):
        if not webdriver or not os.path.exists(CHROMIUM) or not os.path.exists(DRIVER):
            raise Skip("chromium, chromium-driver and python3-selenium are not there")
        self.data = os.path.join(temporary_folder(), "data")
        self.dynamodb_port = free_port()
        self.flags = ["--data", self.data, "--dynamodb-port", self.dynamodb_port, "--limits", "off"]
        self.server = Server("serve", *self.flags)
        self.tokens = json.loads(run("tokens", "--data", self.data).stdout)
        self.first, self.second = Browser(self.server.url), Browser(self.server.url)

    def api(self, handle, method, path, body=None):
        request = urllib.request.Request(
            self.server.url + path, method=method, data=json.dumps(body).encode() if body else None,
            headers={"Authorization": "Bearer " + self.tokens[handle], "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def user(self, handle):
        return self.api(handle, "GET", f"/api/users/@{handle}/short")["uuid"]

    def restart(self):
        """The same address again, as after an update of the program."""
        self.server.process = subprocess.Popen(
            self.server.argv, stdin=subprocess.DEVNULL, stdout=self.server.log, stderr=subprocess.STDOUT)
        self.server.pid = self.server.process.pid
        wait_for(self.server.is_answering, 20, "the server answers again")


stages = []


def stage():
    if not stages:
        stages.append(Stage())
    return stages[0]


@suite.test
def two_people_sign_in():
    stage().first.sign_in("andrewbrown")
    stage().second.sign_in("bayko")
    kept = stage().first.driver.execute_script("return [localStorage.length, document.cookie]")
    assert kept == [0, ""], "the token outlives the window"


@suite.test
def a_new_conversation_reaches_the_other_person_live():
    first, second = stage().first, stage().second
    first.find("#new-conversation").click()
    first.until_shown("#new-handle")
    first.write("#new-handle", "bayko")
    first.write("#new-text", "Have you got a minute?")
    first.find("#new-form button").click()
    first.until_said("Have you got a minute?")
    second.until(lambda: "Andrew Brown" in second.find("#groups a").text, "the sender is in the list")
    second.until(lambda: second.find("#groups .unread").text.split() == ["1", "unread"], "one message is unread")


@suite.test
def it_opens_with_the_keyboard_and_reading_clears_the_mark():
    second = stage().second
    second.find("#groups a").send_keys(Keys.ENTER)
    second.until_said("Have you got a minute?")
    second.until(lambda: not second.all("#groups .unread"), "nothing is unread")


@suite.test
def an_answer_shows_on_both_sides_without_a_reload():
    first, second = stage().first, stage().second
    second.write("#text", "Yes. What is it?", Keys.ENTER)
    second.until_said("Yes. What is it?")
    first.until_said("Yes. What is it?")
    assert second.find("#text").get_attribute("value") == ""


@suite.test
def markup_arrives_as_text():
    first, second = stage().first, stage().second
    first.write("#text", EVIL, Keys.ENTER)
    second.until_said(EVIL)
    assert not second.all("#messages img, #messages script")
    assert second.driver.title != "1"


@suite.test
def shift_and_enter_make_a_line():
    first, second = stage().first, stage().second
    first.write("#text", "The line one", Keys.SHIFT, Keys.ENTER, Keys.NULL, "and the line two", Keys.ENTER)
    second.until_said("The line one\nand the line two")


@suite.test
def what_stands_already_is_not_made_again():
    first, second = stage().first, stage().second
    first.driver.execute_script("document.querySelectorAll('#messages .message')[1].id = 'kept'")
    second.write("#text", "שלום עולם (abc)", Keys.ENTER)
    first.until_said("שלום עולם (abc)")
    assert first.find("#kept").text.startswith("Yes. What is it?")


@suite.test
def text_from_right_to_left_starts_on_the_right():
    said = stage().first.all("#messages .said")[-1]
    assert said.value_of_css_property("direction") == "rtl"
    assert stage().first.all("#messages .said")[0].value_of_css_property("direction") == "ltr"


@suite.test
def the_skip_link_leads_into_the_conversation_and_leaves_it_open():
    first = stage().first
    first.find("#skip").send_keys(Keys.ENTER)
    first.until(lambda: first.driver.switch_to.active_element.get_attribute("id") == "main", "it has the focus")
    assert first.find("#conversation").is_displayed() and "#/g/" in first.driver.current_url


@suite.test
def nothing_shows_twice():
    time.sleep(0.5)
    for browser in (stage().first, stage().second):
        assert len(browser.said()) == 5, browser.said()


@suite.test
def a_row_that_a_script_puts_into_the_table_appears_live():
    import boto3
    table = boto3.client("dynamodb", endpoint_url=f"http://localhost:{stage().dynamodb_port}")
    rows = table.scan(TableName="cruddur-messages")["Items"]
    message = next(row for row in rows if row["pk"]["S"].startswith("MSG#"))
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="microseconds")
    table.put_item(TableName="cruddur-messages", Item={
        **{name: message[name] for name in ("pk", "user_uuid", "user_display_name", "user_handle")},
        "sk": {"S": now}, "message_uuid": {"S": "11111111-2222-4333-8444-555555555555"},
        "message": {"S": "Put into the table by a script."}})
    for browser in (stage().first, stage().second):
        browser.until_said("Put into the table by a script.")


@suite.test
def older_messages_can_be_reached_to_the_first():
    first = stage().first
    group = stage().api("andrewbrown", "GET", "/api/message_groups")[0]["uuid"]
    for i in range(45):
        stage().api("bayko" if i % 2 else "andrewbrown", "POST", "/api/messages",
                    {"message": f"history {i}", "message_group_uuid": group})
    first.until_said("history 44")
    first.driver.refresh()
    first.until_said("history 44")
    while True:
        try:
            older = first.until(lambda: first.find("#older").is_displayed() and first.find("#older"),
                                "there is more", 2)
        except AssertionError:
            break
        count = len(first.said())
        first.driver.execute_script("arguments[0].click()", older)
        first.until(lambda: len(first.said()) > count, "older messages appear")
    shown = [text for text in first.said() if text.startswith("history ")]
    assert shown == [f"history {i}" for i in range(45)], shown
    assert first.said()[0] == "Have you got a minute?"


@suite.test
def a_narrow_screen_shows_the_list_or_the_conversation():
    phone = Browser(stage().server.url, 500, 800)
    try:
        phone.sign_in("bayko")
        phone.until_shown("#groups a")
        assert not phone.find("#main").is_displayed()
        phone.find("#groups a").click()
        phone.until_shown("#text")
        assert not phone.find(".side").is_displayed()
        assert not phone.driver.execute_script("return document.documentElement.scrollWidth > innerWidth")
        phone.find(".conversation .back").click()
        phone.until_shown("#groups a")
    finally:
        phone.close()


@suite.test
def an_unknown_person_is_an_error_that_is_shown():
    first = stage().first
    first.driver.get(stage().server.url + "#/new")
    first.until_shown("#new-handle")
    first.write("#new-handle", "nobody")
    first.write("#new-text", "hello")
    first.find("#new-form button").click()
    first.until(lambda: "nobody called @nobody" in first.find("#alert").text, "the error is shown")


@suite.test
def a_long_list_keeps_what_a_newer_conversation_pushes_to_its_second_page():
    """Conversations that a script makes: rows as upstream's seed writes them."""
    import boto3
    table = boto3.resource("dynamodb", endpoint_url=f"http://localhost:{stage().dynamodb_port}").Table("cruddur-messages")
    me = stage().user("londo")
    for i in range(22):
        group, other = f"00000000-0000-4000-8000-{i:012}", f"99999999-0000-4000-8000-{i:012}"
        sk = f"2025-01-01T00:00:{i:02}.000000+00:00"
        row = {"sk": sk, "message": f"no. {i}", "user_uuid": other, "user_handle": f"p{i}", "user_display_name": f"Person {i}"}
        table.put_item(Item={**row, "pk": f"MSG#{group}", "message_uuid": f"88888888-0000-4000-8000-{i:012}"})
        table.put_item(Item={**row, "pk": f"GRP#{me}", "message_group_uuid": group})
    browser = Browser(stage().server.url)
    try:
        browser.sign_in("londo")
        browser.until(lambda: len(browser.all("#groups a")) == 20, "a page of the list")
        browser.driver.get(stage().server.url + "#/g/00000000-0000-4000-8000-000000000000")
        browser.until(lambda: browser.find("#with").text == "Person 0", "a conversation of the second page has a name")
        assert len(browser.all("#groups a")) == 22
        stage().api("bayko", "POST", "/api/messages", {"message": "One more.", "handle": "londo"})
        browser.until(lambda: "One more." in browser.find("#groups a").text, "the new one is the first")
        assert len(browser.all("#groups a")) == 23
    finally:
        browser.close()


@suite.test
def a_draft_stays_with_its_conversation():
    first = stage().first
    stage().api("londo", "POST", "/api/messages", {"message": "Psst.", "handle": "andrewbrown"})

    def open_talk_with(name):
        first.until(lambda: next(a for a in first.all("#groups a") if name in a.text).click() or True, name)
        first.until(lambda: name in first.find("#with").text, f"the conversation with {name}")

    def draft():
        return first.find("#text").get_attribute("value")

    first.driver.get(stage().server.url + "#/")
    open_talk_with("Bayko")
    first.write("#text", "Do not tell Londo, but")
    open_talk_with("Londo")
    assert draft() == "", "half a message stands under the wrong name"
    open_talk_with("Bayko")
    assert draft() == "Do not tell Londo, but"
    first.driver.refresh()
    first.until(lambda: draft() == "Do not tell Londo, but", "it is there after a reload")
    first.write("#text", Keys.ENTER)
    first.until_said("Do not tell Londo, but")
    first.driver.refresh()
    first.until_said("Do not tell Londo, but")
    assert draft() == ""


@suite.test
def the_content_policy_is_never_violated():
    for browser in (stage().first, stage().second):
        severe = [entry["message"] for entry in browser.driver.get_log("browser")
                  if entry["level"] == "SEVERE" and "Failed to load resource" not in entry["message"]]
        assert severe == [], severe


@suite.test
def a_message_that_cannot_be_sent_says_so_and_is_sent_once_on_trying_again():
    first = stage().first
    first.driver.get(stage().server.url + "#/")
    first.until(lambda: next(a for a in first.all("#groups a") if "Bayko" in a.text), "the conversation").click()
    first.until_shown("#text")
    first.until_said("history 44")
    stage().server.stop()
    first.write("#text", "Into the void", Keys.ENTER)
    first.until(lambda: "Not sent" in first.find("#messages .failed").text, "the failure is shown")
    group = first.driver.current_url
    first.driver.get(stage().server.url + "#/new")
    first.until_shown("#new-handle")
    first.driver.get(group)
    first.until(lambda: "Not sent" in first.find("#messages .failed").text, "it is there after a look elsewhere")
    stage().restart()
    first.until(lambda: first.driver.execute_script(
        "const b = document.querySelector('#messages .failed button'); if (b) b.click(); return !b"),
        "trying again succeeds", 30)
    first.until(lambda: first.said().count("Into the void") == 1, "it is there once")
    second = stage().second
    second.until_said("Into the void")
    assert second.said().count("Into the void") == 1


@suite.test
def signing_out_forgets_the_token():
    first = stage().first
    first.find("#sign-out").click()
    first.until_shown("#sign-in")
    assert first.driver.execute_script("return sessionStorage.length + localStorage.length") == 0


SCENE = [
    ("andrewbrown", "andrewbrown", "Camera order: two batteries, one tripod plate."),
    ("londo", "andrewbrown", "The Centauri will remember your kindness, my friend."),
    ("andrewbrown", "londo", "You can thank me by returning the tripod."),
    ("londo", "andrewbrown", "Return it? I was under the impression it was a gift."),
    ("bayko", "andrewbrown", "Have you watched the second season yet?"),
    ("andrewbrown", "bayko", "Finished it last night. I did not see that ending coming."),
    ("bayko", "andrewbrown", "Right? And nobody believes me that it was planned from the first episode."),
    ("andrewbrown", "bayko", "The observatory scene in episode one gives it away. "
                             "Watch it again, about twenty minutes in."),
    ("bayko", "andrewbrown", "…oh. OH."),
    ("bayko", "andrewbrown", "Fine, you win. Dinner is on me. Thursday?"),
    ("andrewbrown", "bayko", "Thursday works. The Thai place on King Street, seven?"),
    ("bayko", "andrewbrown", "Seven it is. I am bringing Londo, he owes us a round."),
    ("londo", "andrewbrown", "I hear there is dinner on Thursday. I shall be fashionably late."),
]


def take_picture(path):
    for sender, receiver, text in SCENE:
        stage().api(sender, "POST", "/api/messages", {"message": text, "handle": receiver})
    browser = stage().first
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": 1100, "height": 700, "deviceScaleFactor": 1, "mobile": False})
    browser.sign_in("andrewbrown")
    browser.until(lambda: next(a for a in browser.all("#groups a") if "Bayko" in a.text), "the list").click()
    browser.until_said(SCENE[-2][2])
    time.sleep(1)  # nothing is unread in it any more
    browser.driver.execute_script("document.activeElement.blur()")
    browser.driver.save_screenshot(path)


try:
    if os.environ.get("SCREENSHOT"):
        take_picture(os.environ["SCREENSHOT"])
    else:
        suite.main()
finally:
    for made in stages:
        made.first.close()
        made.second.close()
