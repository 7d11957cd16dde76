"""A household of eight devices over a day, and packets that one of them causes, or nobody.

Seeded: what a test sees is what everybody sees. `python -m tests.household 1000` prints how often
a device is suspected over so many days of each kind.
"""

import math
import random
import sys
from collections import Counter

from exporter.bisection.attendance import ABSENT, MINUTES, PRESENT
from exporter.bisection.coincidence import judge

LISTENED = bytes([1]) * MINUTES
NEVER_OFF = "nas"


def household(dice):
    """For each device whether it is there, minute by minute."""
    return {
        "anna-phone": phone(dice),
        "ben-phone": phone(dice),
        "anna-pc": sessions(dice, dice.randint(2, 5), 30, 180),
        "ben-pc": sessions(dice, dice.randint(2, 5), 30, 180),
        "tv": between((dice.gauss(420, 15), dice.gauss(465, 10)), (dice.gauss(1140, 20), 1380)),
        "console": sessions(dice, 1, 40, 150),
        "tablet": sessions(dice, dice.randint(3, 7), 10, 60),
        NEVER_OFF: bytearray([1]) * MINUTES,
    }


def between(*spans):
    there = bytearray(MINUTES)
    for start, end in spans:
        for minute in range(max(0, int(start)), min(MINUTES, int(end))):
            there[minute] = 1
    return there


def sessions(dice, number, shortest, longest):
    starts = (dice.uniform(400, 1390) for _ in range(number))
    return between(*((start, start + dice.uniform(shortest, longest)) for start in starts))


def phone(dice):
    """Out for the day, once more in the evening, and with a radio that sleeps."""
    there = between((0, dice.gauss(480, 30)), (dice.gauss(1080, 60), MINUTES))
    out = dice.gauss(1200, 40)
    naps = [(m, m + dice.randint(1, 3)) for m in range(MINUTES) if dice.random() < 1 / 240]
    for start, end in ((out, out + dice.uniform(15, 60)), *naps):
        for minute in range(int(start), min(MINUTES, int(end))):
            there[minute] = 0
    return there


def noticed(dice, there):
    """What is known of it: access points notice late that somebody went."""
    states, late = bytearray(), 0
    for here in there:
        late = dice.choice([0, 0, 0, 1, 5]) if here else late - 1
        states.append(
            PRESENT if here or (late >= 0 and states[-1:] == bytes([PRESENT])) else ABSENT
        )
    return bytes(states)


def rates(dice, kind, base):
    """Packets a minute that nobody at home causes."""
    if kind == "day and night":
        return [base * (1.05 + math.sin((m - 840) / MINUTES * 2 * math.pi)) for m in range(MINUTES)]
    if kind == "hours at home":  # when the people are at home, and for another reason
        return [
            base * (0.1 + _hill(m, 400, 480, 15) + _hill(m, 1050, 1380, 20)) for m in range(MINUTES)
        ]
    if kind == "floods":
        rate = [0.2 * base] * MINUTES
        for _ in range(8):
            start, length = (
                dice.randrange(MINUTES),
                dice.expovariate(1 / dice.choice([3, 10, 30, 90])),
            )
            strength = base * dice.choice([5, 20, 60])
            for minute in range(start, min(MINUTES, start + int(length) + 1)):
                rate[minute] += strength
        return rate
    if kind == "on and off":
        rate, on = [], False
        while len(rate) < MINUTES:
            rate += [3 * base * on] * (int(dice.expovariate(1 / (60 if on else 100))) + 1)
            on = not on
        return rate[:MINUTES]
    return [base] * MINUTES


def _hill(minute, start, end, soft):
    return 1 / (1 + math.exp((start - minute) / soft)) - 1 / (1 + math.exp((end - minute) / soft))


def caused(dice, there, base):
    """Packets a minute of a program that starts late, and whose partners go on for a while."""
    rate, wait, tail = [], 0, 0.0
    for before, here in zip(b"\0" + there, there, strict=False):
        wait = dice.choice([0, 0, 1, 2, 4]) if here and not before else wait - 1
        tail = base * 0.5 if before and not here else tail * 0.5
        rate.append((base if wait <= 0 else 0.0) if here else tail)
    return rate


def fallen(dice, rate):
    """Packets by chance at such a rate."""
    return [_poisson(dice, mean) for mean in rate]


def _poisson(dice, mean):
    if mean > 30:
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, dice.random()
    while product > limit:
        count, product = count + 1, product * dice.random()
    return count


NOBODYS = ("steady", "day and night", "hours at home", "floods", "on and off")


def suspected(dice, packets, household, hours=(24,)):
    """Who is suspected when somebody looks at these hours of the day."""
    states = {device: noticed(dice, there) for device, there in household.items()}
    found = set()
    for minute in (60 * hour for hour in hours):
        known = {device: of[:minute] for device, of in states.items()}
        judged = judge(packets[:minute], LISTENED[:minute], known)
        found |= {lead.device for lead in judged.leads if lead.is_suspect}
    return found


def innocent_days(kind, days, seed=1, hours=(24,)):
    """On how many of so many days somebody is suspected for what nobody caused."""
    dice, false = random.Random(seed), 0
    for _ in range(days):
        packets = fallen(dice, rates(dice, kind, dice.choice([0.3, 1, 4, 15])))
        false += bool(suspected(dice, packets, household(dice), hours))
    return false


def guilty_days(days, seed=1):
    """How often the one that causes packets is suspected: alone, with others, or others are."""
    dice, results = random.Random(seed), Counter()
    for _ in range(days):
        home = household(dice)
        guilty = dice.choice(sorted(set(home) - {NEVER_OFF}))
        kind, base = dice.choice(("day and night", "floods", "none")), dice.choice([0.3, 1, 4, 15])
        behind = [0.0] * MINUTES if kind == "none" else rates(dice, kind, 0.2 * base)
        rate = map(
            sum, zip(caused(dice, home[guilty], dice.choice([3, 10, 40])), behind, strict=True)
        )
        found = suspected(dice, fallen(dice, rate), home)
        among = "among others" if guilty in found else "wrong" if found else "nobody"
        results["alone" if found == {guilty} else among] += 1
    return results


if __name__ == "__main__":
    number = int(sys.argv[1])
    for one in NOBODYS:
        at_night = innocent_days(one, number, seed=2)
        print(f"nobody's, {one}: suspected on {at_night} of {number} days", flush=True)
    print(f"one's: {dict(guilty_days(number, seed=3))}", flush=True)
    for one in NOBODYS:
        often = innocent_days(one, number // 4, seed=4, hours=range(2, 25))
        print(f"nobody's, {one}, looked at each hour: {often} of {number // 4} days", flush=True)
