# Write Alertmanager's configuration: the template on standard input, the folder of secrets as they are.
#
# From the environment: SECRETS and FILES (the names of the files in it that can be read), OUT (a private
# folder), TEMPLATES, LANGUAGE, ZONE, NIGHT, DIGEST, GROUP_WAIT, GROUP_INTERVAL. What is wrong goes to
# standard error. Ends with 1 when a setting is wrong, or when there are secrets and none can be used.
# For any awk: busybox, mawk, gawk. Strings are bytes (LC_ALL=C).

BEGIN {
    # Of each receiver: the settings it needs, those it may have, and which one a lone value means.
    need["ntfy"] = "url";                 may["ntfy"] = "names token";          lone["ntfy"] = "url"
    need["email"] = "to from smarthost";  may["email"] = "names username password tls"
    need["telegram"] = "token chat";      may["telegram"] = "names"
    need["discord"] = "url";              may["discord"] = "names";             lone["discord"] = "url"
    need["slack"] = "url";                may["slack"] = "names";               lone["slack"] = "url"
    need["pushover"] = "user token";      may["pushover"] = "names"
    need["line"] = "token";               may["line"] = "names to";             lone["line"] = "token"
    need["webhook"] = "url";              may["webhook"] = "token";             lone["webhook"] = "url"
    need["deadman"] = "url";                                                    lone["deadman"] = "url"

    settings()
    count = split(ENVIRON["FILES"], files, " ")
    for (i = 1; i <= count; i++) read(files[i])
    if (broken && !usable) fail("no file in " ENVIRON["SECRETS"] " can be used: nothing would be delivered")
}

{ template() }

END { if (failed) exit 1 }

# --- settings of the environment -----------------------------------------------------------------

function settings() {
    value["template_message"] = quoted(ENVIRON["TEMPLATES"] "/message.tmpl")
    value["template_language"] = quoted(ENVIRON["TEMPLATES"] "/" ENVIRON["LANGUAGE"] ".tmpl")
    value["template_nameless"] = quoted(ENVIRON["TEMPLATES"] "/nameless/" ENVIRON["LANGUAGE"] ".tmpl")
    value["group_wait"] = duration("KNOCKWATCH_GROUP_WAIT", ENVIRON["GROUP_WAIT"])
    value["group_interval"] = duration("KNOCKWATCH_GROUP_INTERVAL", ENVIRON["GROUP_INTERVAL"])
    value["night"] = hours("KNOCKWATCH_NIGHT", ENVIRON["NIGHT"], "")
    value["digest"] = digest(ENVIRON["DIGEST"])
}

function duration(name, text) {
    if (text !~ /^[1-9][0-9]*[smh]$/) fail(name "=" text " is no duration such as 15s or 5m")
    return text
}

function digest(text,    day) {
    if (text == "off") return "[]"
    if (text !~ /^[a-z:]+ [^ ]+$/) fail("KNOCKWATCH_DIGEST=" text " is neither like 'sunday 09:00-10:00' nor off")
    day = text
    sub(/ .*/, "", day)
    sub(/.* /, "", text)
    return hours("KNOCKWATCH_DIGEST", text, "weekdays: [" quoted(day) "], ")
}

# The interval in Alertmanager's form; its ranges do not cross midnight, ours may.
function hours(name, text, days,    from, to) {
    if (text == "off") return "[]"
    if (text !~ /^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/) {
        fail(name ": " text " is neither hours such as 22:00-07:00 nor off")
        return "[]"
    }
    from = substr(text, 1, 5)
    to = substr(text, 7)
    if (from == to) fail(name ": " text " is empty")
    return "[{" days "times: [" (from < to ? range(from, to) : \
        range(from, "24:00") (to == "00:00" ? "" : ", " range("00:00", to))) \
        "], location: " quoted(ENVIRON["ZONE"]) "}]"
}

function range(from, to) { return "{start_time: " quoted(from) ", end_time: " quoted(to) "}" }

# --- secrets -------------------------------------------------------------------------------------

# Read one file; what is wrong with it keeps its receiver off, and no other one.
function read(name,    file, line, number, status, wrong, found, words, i, key) {
    file = ENVIRON["SECRETS"] "/" name
    split("", found)
    if (!(name in need)) {
        say(file ": no such receiver; there are ntfy, email, telegram, discord, slack, pushover, line, webhook, deadman")
        return
    }
    while ((status = (getline line < file)) > 0) {
        if (++number == 1) sub(/^\357\273\277/, "", line) # what Windows' Notepad puts in front
        gsub(/^[ \t]+|[ \t\r]+$/, "", line)
        if (line == "" || line ~ /^#/) continue
        wrong = take(name, line, found)
        if (wrong != "") break
    }
    close(file)
    if (status < 0) wrong = "cannot be read"
    split(need[name], words, " ")
    for (i = 1; wrong == "" && (i in words); i++)
        if (!((key = words[i]) in found)) wrong = "lacks " key (name in lone ? "" : "=...")
    if (wrong == "") wrong = check(name, found)
    if (wrong != "") {
        say(file ": " wrong "; " name " stays off")
        broken++
        return
    }
    usable++
    on[name] = 1
    for (key in found) on[name "_" key] = 1
    if (!has_names(name, found)) nameless[name] = 1
}

# What passes through somebody else's service names nobody, unless its owner says names=yes.
function has_names(name, found) {
    if ("names" in found) return found["names"] == "yes"
    return name == "webhook" || (name == "ntfy" && found["url"] !~ /^https?:\/\/([^\/]*\.)?ntfy\.sh[:\/]/)
}

# Put the setting of one line into `found`; return what is wrong with it.
function take(name, line, found,    key, at) {
    at = index(line, "=")
    key = at ? substr(line, 1, at - 1) : ""
    sub(/[ \t]+$/, "", key)
    if (at && has(need[name] " " may[name], key)) {
        line = substr(line, at + 1)
        sub(/^[ \t]+/, "", line)
    } else if (name in lone) key = lone[name]
    else return "a line is not one of " need[name] " " may[name] " with = and a value"
    if (key in found) return "gives " key " twice"
    if (line == "") return "gives " key " no value"
    if (line ~ /[[:cntrl:]]/) return "has a control character in " key
    found[key] = line
}

function has(words, word) { return word != "" && index(" " words " ", " " word " ") }

# Judge the settings of one receiver and prepare their values; return what is wrong.
function check(name, found,    key, wrong) {
    if (("url" in found) && found["url"] !~ /^https?:\/\/[^ \/]+/) return "its url does not begin with https:// (or http://)"
    if (("names" in found) && found["names"] !~ /^(yes|no)$/) return "its names is neither yes nor no"
    if (name == "email") wrong = email(found)
    if (name == "ntfy") wrong = ntfy(found)
    if (name == "telegram") wrong = telegram(found)
    if (name == "pushover") wrong = pushover(found)
    if (name == "line") wrong = line_to(found)
    if (wrong != "") return wrong
    for (key in found)
        if (key == "token" || key == "user" || key == "password") keep(name, key, found[key])
        else if (key == "url" && name != "ntfy") keep(name, key, literal(found[key]))
}

function telegram(found) {
    if (found["chat"] !~ /^-?[1-9][0-9]*$/) return "its chat is not a number such as 123456789 or -1001234567890"
    value["telegram_chat"] = found["chat"]
}

function pushover(found) {
    if ((found["user"] found["token"]) ~ /[^A-Za-z0-9]/) return "its user or token has other than letters and digits"
}

# With `to` one person or group is told, without it everybody who is a friend of the account.
function line_to(found) {
    value["line_url"] = quoted("https://api.line.me/v2/bot/message/" ("to" in found ? "push" : "broadcast"))
    if (!("to" in found)) return
    if (found["to"] !~ /^[UCR][0-9a-f]+$/) return "its to is not an id such as U0123456789abcdef (a LINE name is none)"
    value["line_to"] = quoted(found["to"])
}

# ntfy takes JSON at the server's root only, so the topic's address comes apart.
function ntfy(found,    url, topic) {
    url = topic = found["url"]
    sub(/\/+$/, "", topic)
    sub(/.*\//, "", topic)
    sub(/[^\/]*\/*$/, "", url)
    if (url !~ /^https?:\/\/[^\/]+\/$/) return "its url is not a server and a topic, such as https://ntfy.sh/our-topic"
    # Alertmanager 0.33 would send a topic that YAML takes for a number or a truth as such.
    if (topic !~ /^[A-Za-z][-_A-Za-z0-9]*$/ || tolower(topic) ~ /^(y|n|yes|no|on|off|true|false|null)$/)
        return "its topic must begin with a letter and hold letters, digits, - and _ only"
    value["ntfy_server"] = quoted(url)
    value["ntfy_topic"] = quoted(topic)
}

function email(found,    key) {
    for (key in found)
        if (key != "password" && found[key] ~ /[^ -~]/) return "has other than plain ASCII characters in " key
    if (("username" in found) != ("password" in found)) return "needs username and password, or neither"
    if (found["smarthost"] !~ /^.+:[0-9]+$/) return "its smarthost is not a name and a port, such as smtp.example.org:587"
    if (("tls" in found) && found["tls"] !~ /^(on|off)$/) return "its tls is neither on nor off"
    value["email_to"] = quoted(literal(found["to"]))
    value["email_from"] = quoted(literal(found["from"]))
    value["email_smarthost"] = quoted(found["smarthost"])
    if ("username" in found) value["email_username"] = quoted(found["username"])
    value["email_tls"] = ("tls" in found) && found["tls"] == "off" ? "false" : "true"
}

# Store a secret in a file of its own: it appears in no configuration, and no character needs quoting.
function keep(name, key, text,    file) {
    file = ENVIRON["OUT"] "/" name "_" key
    printf "%s", text > file # no line feed: Pushover's token would keep it
    close(file)
    value[name "_" key "_file"] = quoted(file)
}

# Alertmanager takes some settings for templates.
function literal(text,    done, at) {
    while ((at = index(text, "{{"))) {
        done = done substr(text, 1, at - 1) "{{ \"{{\" }}"
        text = substr(text, at + 2)
    }
    return done text
}

function quoted(text) {
    gsub(/'/, "''", text)
    return "'" text "'"
}

# --- template ------------------------------------------------------------------------------------

function template(    line, name, at) {
    line = $0
    sub(/^ +/, "", line)
    if (line ~ /^#if /) {
        kept[++depth] = (substr(line, 5) in on) && (depth == 1 || kept[depth - 1])
        if (depth == 1) receiver = substr(line, 5)
        return
    }
    if (line == "#end") { depth--; return }
    if ((depth && !kept[depth]) || line ~ /^#/) return
    if (depth && (receiver in nameless)) leave_names_out()
    at = match($0, /\$\{[a-z_]+\}$/)
    if (!at) { print; return }
    name = substr($0, RSTART + 2, RLENGTH - 3)
    if (!(name in value)) fail("the template's ${" name "} has no value")
    print substr($0, 1, at - 1) value[name]
}

# Each text that a receiver calls is there without names, too.
function leave_names_out(    texts, i) {
    split("title headline text message html link", texts, " ")
    for (i in texts) gsub("knockwatch\\." texts[i], "nameless." texts[i])
}

function say(text) { print "knockwatch: " text | "cat >&2"; close("cat >&2") }

function fail(text) { say(text); failed = 1 }
