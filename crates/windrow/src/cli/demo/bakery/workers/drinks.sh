# Lists the drinks; at first with a comma in a price, which the gate does not like.

# What the gate said stands in the brief of the next try.
if grep -q 'has no price such as 1.10' "$WINDROW_BRIEF"; then
    echo "the brief says what the gate said: a price has a dot"
    tea=2.10
else
    tea=2,10
fi
sleep 1
printf 'coffee 2.60\ntea %s\n' "$tea" > drinks.txt
