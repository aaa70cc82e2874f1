# Writes the opening hours behind what stands on the sign.

# The demo wants to show a conflict, so this worker waits until the one with the address has begun:
# then both start from the same sign.
n=0
while [ "$n" -lt 100 ] && [ -z "$(git for-each-ref 'refs/heads/windrow/*address*')" ]; do
    echo "looking for a brush ($n)"
    sleep 0.1
    n=$((n + 1))
done
echo "writing the hours"
sleep 1
sed 's/$/, open 7 to 18/' sign.txt > sign.new && mv sign.new sign.txt
