# Describes the way to the shop. The first worker falls asleep over it.

echo "From the church" > way.txt
if [ "$WINDROW_ATTEMPT" = 1 ]; then
    echo "which way was it"
    sleep 600
fi
echo "of course"
sleep 1
echo "From the church down Mill Lane, over the bridge, the second door." > way.txt
