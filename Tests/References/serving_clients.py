"""Asks the server at argv[1], with the key argv[2] if there is one, by two published clients.

Prints the answers as JSON, by client; `serving-requirements.txt` pins what it needs.
"""

import json
import sys

import systemone
import typesafe_sdk

URL, KEY = sys.argv[1], (sys.argv[2:] or ["none"])[0]
STATE = {"subject": "Charged twice", "plan": "pro"}
CRITERIA = {"Billing": "Payments", "Technical": None}
LEVELS = ["Calm", "Angry"]


def read(answers):
    team, anger = answers.choices["team"], answers.scores["anger"]
    assert set(team.probabilities) == set(CRITERIA) and team.choice in CRITERIA
    return [answers.nouls["refund"].noul, team.confidence, anger.score]


with typesafe_sdk.TypeSafeClient(api_key=KEY, base_url=URL) as client:
    official = read(
        client.system_one(
            state=STATE,
            questions={
                "refund": typesafe_sdk.Noul(instructions="A refund?"),
                "team": typesafe_sdk.Choice(instructions="Which team?", criteria=CRITERIA),
                "anger": typesafe_sdk.Score(instructions="How angry?", criteria=LEVELS),
            },
        )
    )
with systemone.Client(URL, api_key=KEY) as client:
    other = read(
        client.system_one(
            state=STATE,
            questions={
                "refund": systemone.Noul("A refund?"),
                "team": systemone.Choice("Which team?", CRITERIA),
                "anger": systemone.Score("How angry?", LEVELS),
            },
        )
    )
print(json.dumps({"typesafe-sdk": official, "systemone-client": other}))
