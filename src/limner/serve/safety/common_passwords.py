"""What guessers try first: words that head every list of leaked passwords, and rows that fingers walk along.

Shortest first would be pointless: a password of 12 characters is on such lists as one of these words with digits around
it, so the words are kept and the ornaments taken off (:mod:`limner.serve.safety.passwords`).
"""

from __future__ import annotations

ROWS = (
    "abcdefghijklmnopqrstuvwxyz", "0123456789", "1234567890", "qwertyuiop", "qwertzuiop", "azertyuiop",
    "asdfghjkl", "zxcvbnm", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn", "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "qwerty123456", "qwerty1234567890", "abc123456789",
)  # fmt: skip
"""A password that lies within one of these, walked up to three times, forwards or backwards, is refused."""

COMMON = frozenset(
    """
    password passwort passwd passw pass motdepasse contrasena wachtwoord parola senha mima passphrase passcode
    admin administrator root user guest login welcome willkommen bienvenue hello helloworld letmein openup opensesame
    changeme change default secret secrets master mastermaster trustno trustnoone access system server service support
    test tester testing temp temporary demo sample example internet computer desktop network
    qwerty qwertz azerty qwertyuiop asdf asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc qweasd qweasdzxc abc abcdef
    iloveyou iloveu loveyou lovely loveme love lover mylove sweetheart sweety baby babygirl babyboy darling honey angel
    angels princess queen king prince dragon monkey tiger lion eagle falcon wolf bear panda dolphin butterfly flower
    sunshine rainbow summer winter spring autumn sommer morning sunday monday friday january february december october
    november september august april
    football soccer baseball basketball hockey tennis golf golfer fussball futbol liverpool arsenal chelsea barcelona
    realmadrid juventus manchester yankees cowboys steelers lakers
    superman batman spiderman ironman starwars startrek pokemon naruto minecraft fortnite matrix hunter killer ranger
    shadow phantom ninja samurai warrior wizard merlin gandalf gangster freedom forever whatever nothing something
    michael michelle jennifer jessica jordan joshua matthew daniel andrew thomas charlie george robert william jonathan
    nicole ashley amanda hannah sophie maria anna martin peter stefan sandra sabrina alexander alejandro
    mustang ferrari porsche mercedes corvette harley yamaha chevrolet camaro
    cookie chocolate cheese pepper ginger orange banana cherry apple peanut coffee
    samsung google facebook youtube linkedin microsoft windows apple iphone android oracle cisco adobe photoshop
    hospital klinik clinic klinikum medical medicine doctor doctors nurse patient patients radiology radiologist
    radiologie surgery surgeon oncology pathology pacs dicom scanner xray health healthcare department limner
    correcthorsebatterystaple thisisapassword thisismypassword mypassword mypass yourpassword
    newpassword oldpassword nopassword adminadmin passwordpassword welcomehome letmeinplease donttellanyone
    nimda woaini woaiwojia aini jiushiai shanghai beijing zhongguo china america london berlin paris
    """.split()  # noqa: SIM905 - a table of words reads best as words
)
"""Words; one of them, or two in a row, with digits and signs anywhere between, is refused."""
