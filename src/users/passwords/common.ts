/**
 * Passwords of eight characters or more that lead the published lists of leaked ones, in lower case. The list
 * is short on purpose: it excludes the first guesses, and the delay of failed logins covers the rest.
 */
export const commonPasswords: ReadonlySet<string> = new Set(
  `
  00000000 11111111 12121212 22222222 55555555 66666666 77777777 88888888 99999999 0123456789 0987654321
  1029384756 11112222 11223344 12341234 12344321 12345678 123456789 1234567890 12345678910 123456789a
  123456789q 1234567891 123123123 123321123 123654789 123qweasd 1234abcd 1234qwer 12345qwert 13131313
  147258369 147852369 159357456 159753456 1a2b3c4d 1password 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx
  1qaz2wsx3edc 1qazxsw2 23456789 31415926 77777777 87654321 987654321 9876543210 a1234567 a12345678 a123456789
  a1b2c3d4 aa123456 aa12345678 aaaaaaaa abc12345 abcd1234 abcd12345 abcdefgh abcdefghi access14 admin123
  admin1234 administrator alexander anthony1 asdasdasd asdf1234 asdfasdf asdfghjk asdfghjkl babygirl barcelona
  baseball baseball1 basketball benfica1 benjamin blink182 bismillah butterfly changeme changeme1 charlie1
  chelsea1 chocolate christian cocacola computer contrasena corvette danielle december default1 dragon123
  einstein elizabeth explorer facebook football football1 fuckyou1 fuckyou2 garfield gfhjkm123 goodluck
  guest123 hallo123 hello123 hello1234 iloveyou iloveyou1 iloveyou2 internet january1 jennifer jessica1
  jonathan jordan23 juventus kimberly lasvegas letmein1 letmein123 letmein! liverpool liverpool1 lovelove
  lovely123 manchester marlboro master123 maverick mercedes metallica michael1 michelle midnight monkey123
  monkey12 motdepasse mountain mustang1 mypassword naruto123 nicholas nintendo november p4ssw0rd p4ssword
  p@$$w0rd p@ssw0rd p@ssword passport passw0rd passw0rd1 password password! password0 password1 password1!
  password2 password3 password01 password11 password12 password123 password123! password1234 password12345
  passwort passwort1 patricia pokemon1 portugal postgres princess princess1 q1w2e3r4 q1w2e3r4t5 qazwsxed
  qazwsxedc qq123456 qwaszx12 qwe12345 qweasdzxc qwer1234 qwerasdf qwerqwer qwerty12 qwerty123 qwerty1234
  qwerty12345 qwerty123456 qwertyui qwertyuiop qwertyuiop123 remember root1234 samantha scorpion secret12
  secret123 security september snoopy12 something spiderman starwars starwars1 steelers stephanie sunshine
  sunshine1 superman superman1 superstar swordfish system32 temp1234 test1234 test12345 test123456 testing1
  testing123 testtest tinkerbell trustno1 unknown1 veronica victoria victory1 volleyball w1w2w3w4 welcome01
  welcome1 welcome12 welcome123 welcome1234 whatever whatever1 william1 winston1 wonderful woaini1314
  x123456789 xxxxxxxx yellow12 zaq12wsx zaq1zaq1 zaq1xsw2 zxcvbnm1 zxcvbnm123 zxcvbnm,./ zzzzzzzz
  `
    .trim()
    .split(/\s+/),
);
